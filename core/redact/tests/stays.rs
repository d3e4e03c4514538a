//! What must stay readable, because it is evidence: look-alikes of every rule.

use midwatch_redact::Redactor;

const STAYS: &[&str] = &[
    // Says password and gives none.
    r#"FATAL: password authentication failed for user "app""#,
    "Error: couldn't find key password in Secret ns/db-credentials",
    "Error: couldn't find key password in Secret subscriptions/db-credentials",
    "secretName: db-credentials",
    "secretKeyRef: {name: db, key: password}",
    r#""secretKeyRef": {"key": "password", "name": "db-credentials"}"#,
    r#"{\"name\":\"DB_PASSWORD\",\"valueFrom\":{\"secretKeyRef\":{\"key\":\"password\",\"name\":\"db-credentials\"}}}"#,
    "PASSWORD_FILE=/run/secrets/db",
    "POSTGRES_PASSWORD_FILE: /run/secrets/db-password",
    "token expired",
    "error=invalid_token the token has expired",
    "env DATABASE_URL is not set",
    "FATAL DATABASE_URL is not set",
    "DATABASE_URL",
    "DATABASE_URL=",
    r#""imagePullSecrets": [{"name": "registry-creds"}]"#,
    "imagePullSecrets:\n- name: registry-creds",
    "no password supplied",
    "fe_sendauth: no password supplied",
    "Access denied for user 'app'@'10.0.0.7' (using password: YES)",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "failed to fetch anonymous token: unexpected status: 401 Unauthorized",
    r#"MountVolume.SetUp failed for volume "tls" : secret "shop-tls" not found"#,
    "      DB_PASSWORD:  <set to the key 'password' in secret 'db-credentials'>  Optional: false",
    "password:  8 bytes",
    "TOKEN_TTL=3600s tokenExpirationSeconds: 3607",
    "serviceAccountToken: {expirationSeconds: 3607, path: token}",
    r#""automountServiceAccountToken": true,"#,
    r#""mountPath": "/var/run/secrets/kubernetes.io/serviceaccount""#,
    "DB_PASSWORD=$(DB_PASS) REDIS_PASSWORD=${REDIS_PASSWORD}",
    "postgres://app:$(DB_PASSWORD)@db:5432/shop",
    "password=[redacted:password]",
    "dsn=os.environ['DATABASE_URL']",
    "Tokens:              shop-token-x2x9z",
    "failed to list *v1.Secret: secrets is forbidden",
    "Bearer token is invalid; Basic authentication is off",
    "user=app auth=ok sig=none",
    "secret: shop/db-credentials",
    "Secret: db-credentials",
    // Names and ids.
    "identity/token-api-84bbb4d9c7-mt5w4: started",
    r#""image": "registry.acme.io/identity/token-api:4.2.0","#,
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "containerd://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uid: 1f0c8d2e-4b7a-4c57-9a53-0d6f2b8f7d11 resourceVersion: \"884213377\"",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "horizontal-pod-autoscaler-v2beta2-conditions-are-not-met-5f6d7c8b9-x2x7q",
    "com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException: Unrecognized",
    "at org.springframework.beans.factory.support.AbstractAutowireCapableBeanFactory.createBean(AbstractAutowireCapableBeanFactory.java:619)",
    "github.com/prometheus/client_golang/prometheus/promhttp.InstrumentHandlerDuration.func1",
    "https://registry-1.docker.io/v2/library/nginx/manifests/1.27.3-alpine-slim",
    "/var/lib/kubelet/pods/1f0c8d2e-4b7a-4c57-9a53-0d6f2b8f7d11/volumes/kubernetes.io~projected/kube-api-access-x2x7q",
    "http://10.0.0.7:8080/ready?mail=a@b.example host:8080/x@y",
    "https://shop.example.com:8443/pay?user=a@b.com",
    "2026-11-22T04:28:46.291Z level=info msg=\"token-api starting\" version=1.0",
    "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGLnV1gwKHzrDpOsJXw",
    "redis://redis:6379/0 amqp://rabbit.mq.svc:5672/vhost jdbc:postgresql://db:5432/shop",
    "mysql-operator -probe-addr=:8081",
    "mysql -h db -P 3306 -u app shop",
    "Successfully assigned identity/token-api-84bbb4d9c7-7tmq8 to rig-node-1",
    "key: password",
    "monkey=banana donkey: kong keyboard=us",
    "exit code 137, reason OOMKilled, port 5432, cpu 250m, memory 512Mi",
    "tests: 14 pass, 0 fail; compass=ok bypass=true",
];

#[test]
fn evidence_stays() {
    let redactor = Redactor::default();
    let wrong: Vec<_> = STAYS
        .iter()
        .map(|text| (*text, redactor.redact_text(text).into_inner()))
        .filter(|(text, safe)| text != safe)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
