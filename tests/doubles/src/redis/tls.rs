//! Certificates of a test's own: an authority, and a server it vouches for.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::server::TlsFiles;

/// An authority, and the certificate of a server on 127.0.0.1.
#[derive(Debug)]
pub struct Certificates {
    directory: TempDir,
    ca: String,
}

impl Certificates {
    /// Makes them.
    pub fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let server = server.signed_by(&key, &issuer).unwrap().pem();
        let certificates = Self { directory: tempfile::tempdir().unwrap(), ca };
        let files = certificates.files();
        for (path, text) in
            [(&files.ca, &certificates.ca), (&files.certificate, &server), (&files.key, &key.serialize_pem())]
        {
            std::fs::write(path, text).unwrap();
        }
        certificates
    }

    /// The authority's certificate, PEM.
    pub fn ca(&self) -> &str {
        &self.ca
    }

    /// Where a server finds its own.
    pub fn files(&self) -> TlsFiles {
        let path = |name: &str| -> PathBuf { self.directory.path().join(name) };
        TlsFiles { ca: path("ca.pem"), certificate: path("server.pem"), key: path("server.key") }
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}
