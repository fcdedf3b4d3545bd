/**
 * A self-signed certificate for elsewhere.example.org, good until the year 2126, and its key. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=elsewhere.example.org
 * -addext subjectAltName=DNS:elsewhere.example.org`. It guards nothing.
 */
export const certificateOfAnotherHost = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjY8aSJG+mEcotil0
c2sFkbFPBUzn7Sott5dAiU7CD6+hRANCAASVLOb08C6/HOJ8T2jbFZ34NwpKaDio
eLezCAlHmpreShPR5yXIG57aeIW3QbL091uMMfe3KfXzXVru6M0NmL6Y
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBujCCAV+gAwIBAgIUPNTampghg1WVZ109xbWKx8QpiEswCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAwwVZWxzZXdoZXJlLmV4YW1wbGUub3JnMCAXDTI2MTEyMjAzMjAx
MVoYDzIxMjYxMDI5MDMyMDExWjAgMR4wHAYDVQQDDBVlbHNld2hlcmUuZXhhbXBs
ZS5vcmcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASVLOb08C6/HOJ8T2jbFZ34
NwpKaDioeLezCAlHmpreShPR5yXIG57aeIW3QbL091uMMfe3KfXzXVru6M0NmL6Y
o3UwczAdBgNVHQ4EFgQUX399onHIS0Q8Xz3yyX2mvIqT89gwHwYDVR0jBBgwFoAU
X399onHIS0Q8Xz3yyX2mvIqT89gwDwYDVR0TAQH/BAUwAwEB/zAgBgNVHREEGTAX
ghVlbHNld2hlcmUuZXhhbXBsZS5vcmcwCgYIKoZIzj0EAwIDSQAwRgIhAMUiT6ez
zkLgk/EP4b9uVvBoTh7DqxU6LZESIQDgtk/vAiEAha3bfecHelUNRUTMjgbnsBRv
+xnpSHI2xpV+ZmeoU1I=
-----END CERTIFICATE-----`,
};
