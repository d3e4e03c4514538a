//! What must go, and what around it must stay: one table for each family of rules.
//! Every value is made up.

#![allow(clippy::too_many_lines, reason = "tables")]

use midwatch_redact::Redactor;

fn check(table: &[(&str, &str)]) {
    let redactor = Redactor::default();
    let wrong: Vec<_> = table
        .iter()
        .map(|(text, want)| (*text, *want, redactor.redact_text(text).into_inner()))
        .filter(|(_, want, safe)| want != safe)
        .collect();
    assert!(wrong.is_empty(), "(text, wanted, got): {wrong:#?}");
}

#[test]
fn connection_strings() {
    check(&[
        (
            "postgres://app:hunter2@db:5432/shop?sslmode=off",
            "postgres://app:[redacted:password]@db:5432/shop?sslmode=off",
        ),
        ("postgres://app:p@ss/w:rd#1%@db.svc:5432/shop", "postgres://app:[redacted:password]@db.svc:5432/shop"),
        ("postgres://app:a?b@db/shop?user=a@b.com", "postgres://app:[redacted:password]@db/shop?user=a@b.com"),
        ("redis://:s3cr3t@redis:6379/0", "redis://:[redacted:password]@redis:6379/0"),
        ("rediss://default:s3cr3t@10.0.0.7:6379", "rediss://default:[redacted:password]@10.0.0.7:6379"),
        ("amqps://u:p4ss@mq:5671/%2F", "amqps://u:[redacted:password]@mq:5671/%2F"),
        (
            "mongodb+srv://u:p4ss@m1:27017,m2:27017/db?replicaSet=rs0",
            "mongodb+srv://u:[redacted:password]@m1:27017,m2:27017/db?replicaSet=rs0",
        ),
        ("jdbc:mysql://u:p4ss@db/shop", "jdbc:mysql://u:[redacted:password]@db/shop"),
        (
            "jdbc:sqlserver://db;user=sa;password=P4ss!;encrypt=true",
            "jdbc:sqlserver://db;user=sa;password=[redacted:password];encrypt=true",
        ),
        ("jdbc:oracle:thin:scott/tiger1@db:1521/orcl", "jdbc:oracle:thin:scott/[redacted:password]@db:1521/orcl"),
        (
            "Server=db;Database=x;User Id=sa;Password=P4ss;",
            "Server=db;Database=x;User Id=sa;Password=[redacted:password];",
        ),
        (
            "host=db port=5432 user=app password=hunter2 dbname=x",
            "host=db port=5432 user=app password=[redacted:password] dbname=x",
        ),
        ("host=db password='two words' dbname=x", "host=db password='[redacted:password]' dbname=x"),
        (
            "AccountName=shop;AccountKey=bm90IGEgcmVhbCBrZXkgYXQgYWxs==;EndpointSuffix=x",
            "AccountName=shop;AccountKey=[redacted:key];EndpointSuffix=x",
        ),
        (r#"{"u":"postgres:\/\/a:b1@db\/x"}"#, r#"{"u":"postgres:\/\/a:[redacted:password]@db\/x"}"#),
        ("app:p4ss@tcp(db:3306)/shop", "app:[redacted:password]@tcp(db:3306)/shop"),
        ("DB_DSN=postgres://u:p4ss@db/x", "DB_DSN=postgres://u:[redacted:password]@db/x"),
        (r#"{"connectionString":"Server=db;Pwd=P4ss"}"#, r#"{"connectionString":"Server=db;Pwd=[redacted:password]"}"#),
        ("dial \"mysql://u:p1@h/x\": refused", "dial \"mysql://u:[redacted:password]@h/x\": refused"),
        (
            "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/42",
            "https://[redacted:dsn]@o1.ingest.sentry.io/42",
        ),
    ]);
}

#[test]
fn names_and_values() {
    check(&[
        ("password=hunter2, host=db", "password=[redacted:password], host=db"),
        ("password=a,b!c host=db", "password=[redacted:password] host=db"),
        ("password: hunter2", "password: [redacted:password]"),
        ("login failed, password: hunter2 (attempt 3)", "login failed, password: [redacted:password] (attempt 3)"),
        ("- name: DB_PASSWORD\n  value: changeme\n", "- name: DB_PASSWORD\n  value: [redacted:password]\n"),
        ("token: \"abc\"", "token: \"[redacted:token]\""),
        (r#"{"password":"a\"b,c}","x":1}"#, r#"{"password":"[redacted:password]","x":1}"#),
        (r#"{"password":12345678,"x":1}"#, r#"{"password":"[redacted:password]","x":1}"#),
        (r#"{"log":"{\"password\":12345678,\"x\":1}"}"#, r#"{"log":"{\"password\":\"[redacted:password]\",\"x\":1}"}"#),
        (r#"{"log":"{\"token\":\"a\\\"b\",\"x\":1}\n"}"#, r#"{"log":"{\"token\":\"[redacted:token]\",\"x\":1}\n"}"#),
        (r#"{"msg":"dial: password=abc\nnext"}"#, r#"{"msg":"dial: password=[redacted:password]\nnext"}"#),
        (r#"{"u":"/x?token=abc1\u0026a=b"}"#, r#"{"u":"/x?token=[redacted:token]\u0026a=b"}"#),
        ("/x?sig=aB3%2Fdef99&se=2026", "/x?sig=[redacted:token]&se=2026"),
        ("/x?X-Amz-Signature=0123456789abcdef&a=b", "/x?X-Amz-Signature=[redacted:token]&a=b"),
        ("redirect=%2Fx%3Ftoken%3Dabc123%26a%3Db", "redirect=%2Fx%3Ftoken%3D[redacted:token]%26a%3Db"),
        ("--password foo --port 1", "--password [redacted:password] --port 1"),
        ("--password=foo --port 1", "--password=[redacted:password] --port 1"),
        (r#"["--password","foo","--port","1"]"#, r#"["--password","[redacted:password]","--port","1"]"#),
        ("- --password\n- foo\n- --port", "- --password\n- [redacted:password]\n- --port"),
        ("mysql -h db -p'foo bar' -u app", "mysql -h db -p'[redacted:password]' -u app"),
        ("mysqldump -pfoo1 shop", "mysqldump -p[redacted:password] shop"),
        ("redis-cli -h r -a foo1 ping", "redis-cli -h r -a [redacted:password] ping"),
        ("curl -u app:foo1 https://x", "curl -u app:[redacted:password] https://x"),
        ("PGPASSWORD=foo1 psql", "PGPASSWORD=[redacted:password] psql"),
        ("map[password:hunter2 user:app]", "map[password:[redacted:password] user:app]"),
        ("{'password': 'x1', 'user': 'app'}", "{'password': '[redacted:password]', 'user': 'app'}"),
        ("env['API_TOKEN'] = 'abc1'", "env['API_TOKEN'] = '[redacted:token]'"),
        ("DD_API_KEY=0123456789abcdef0123456789abcdef", "DD_API_KEY=[redacted:key]"),
        ("spring.datasource.password = x y", "spring.datasource.password = [redacted:password] y"),
        ("password: |\n  one\n  two\nuser: app", "password: |\n  [redacted:password]\nuser: app"),
        ("      DB_PASSWORD:  hunter2\n      PORT: 80", "      DB_PASSWORD:  [redacted:password]\n      PORT: 80"),
    ]);
}

#[test]
fn signs_of_other_kinds() {
    check(&[
        ("requirepass foo1", "requirepass [redacted:password]"),
        ("<password>foo1</password>", "<password>[redacted:password]</password>"),
        (r#"{"cookie":["a=b"]}"#, r#"{"cookie":["[redacted:cookie]"]}"#),
        ("Authorization: Digest a=\"b\", c=\"d\"\nx", "Authorization: Digest [redacted:token]\nx"),
        ("-H 'Authorization: Digest a=\"b\"' -v", "-H 'Authorization: Digest [redacted:token]' -v"),
    ]);
}

#[test]
fn headers() {
    check(&[
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [redacted:token]"),
        ("-H 'Authorization: Basic YXBwOmZvbzE=' -v", "-H 'Authorization: Basic [redacted:token]' -v"),
        (r#"{"Authorization":["Bearer abcdef12"]}"#, r#"{"Authorization":["Bearer [redacted:token]"]}"#),
        (
            "map[Authorization:[Bearer abcdef12] Accept:[*/*]]",
            "map[Authorization:[Bearer [redacted:token]] Accept:[*/*]]",
        ),
        ("sent bearer abcdef123456 to x", "sent bearer [redacted:token] to x"),
        ("Cookie: sid=abc; theme=dark\r\nHost: x", "Cookie: [redacted:cookie]\r\nHost: x"),
        ("set-cookie: sid=abc; Path=/; HttpOnly", "set-cookie: [redacted:cookie]"),
        ("X-Api-Key: abcd1234", "X-Api-Key: [redacted:key]"),
        (r#"{"auths":{"r.io":{"auth":"YXBwOmZvbzE="}}}"#, r#"{"auths":{"r.io":{"auth":"[redacted:token]"}}}"#),
        ("app:$apr1$abcdefgh$0123456789abcdefghijkl", "app:[redacted:hash]"),
        ("root:$6$saltsalt$0123456789abcdefghijklmnop:19000", "root:[redacted:hash]"),
    ]);
}

#[test]
fn blocks() {
    let applied = "kubectl.kubernetes.io/last-applied-configuration";
    let json = format!(r#"{{"metadata":{{"annotations":{{"{applied}":"{{\"a\":{{\"b\":\"c\"}}}}\n","x":"y"}}}}}}"#);
    let json_safe = format!(r#"{{"metadata":{{"annotations":{{"{applied}":"[redacted:last-applied]","x":"y"}}}}}}"#);
    let yaml = format!("  annotations:\n    {applied}: |\n      {{\"a\":\n       1}}\n    x: y\n");
    let yaml_safe = format!("  annotations:\n    {applied}: |\n      [redacted:last-applied]\n    x: y\n");
    let told = format!("Annotations:  {applied}:\n                {{\"a\":1}}\n              x: y\nStatus: Running\n");
    let told_safe = format!(
        "Annotations:  {applied}:\n                [redacted:last-applied]\n              x: y\nStatus: Running\n"
    );
    let key = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef=\n-----END RSA PRIVATE KEY-----";
    let cert = "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----";
    check(&[
        (&json, &json_safe),
        (&yaml, &yaml_safe),
        (&told, &told_safe),
        (&format!("a\n{key}\nb"), "a\n[redacted:key]\nb"),
        (&format!("{{\"k\":{}}}", serde_json::Value::from(key)), r#"{"k":"[redacted:key]"}"#),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc\n", "[redacted:key]"),
        (cert, cert),
    ]);
}

#[test]
fn secret_objects() {
    check(&[
        (
            "apiVersion: v1\nkind: Secret\ndata:\n  user: YXBw\n  note: |\n    abc\n    def\nmetadata:\n  name: db\n",
            "apiVersion: v1\nkind: Secret\ndata:\n  user: [redacted:secret-data]\n  note: |\n    [redacted:secret-data]\n    [redacted:secret-data]\nmetadata:\n  name: db\n",
        ),
        (
            "items:\n- data:\n    a: b\n  kind: ConfigMap\n- data:\n    user: YXBw\n  kind: Secret\n",
            "items:\n- data:\n    a: b\n  kind: ConfigMap\n- data:\n    user: [redacted:secret-data]\n  kind: Secret\n",
        ),
        (
            r#"[{"data":{"a":"b"},"kind":"ConfigMap"},{"data":{"user":"YXBw"},"kind":"Secret","metadata":{"name":"db"}}]"#,
            r#"[{"data":{"a":"b"},"kind":"ConfigMap"},{"data":{"user":"[redacted:secret-data]"},"kind":"Secret","metadata":{"name":"db"}}]"#,
        ),
        (
            r#"{"log":"{\"stringData\":{\"user\":\"a\"},\"kind\":\"Secret\"}"}"#,
            r#"{"log":"{\"stringData\":{\"user\":\"[redacted:secret-data]\"},\"kind\":\"Secret\"}"}"#,
        ),
        (
            r#"{"involvedObject":{"kind":"Secret","name":"db"},"data":{"a":"b"}}"#,
            r#"{"involvedObject":{"kind":"Secret","name":"db"},"data":{"a":"b"}}"#,
        ),
    ]);
}
