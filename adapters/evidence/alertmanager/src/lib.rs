//! Alerts read from Alertmanager: API v2.
