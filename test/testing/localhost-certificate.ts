/**
 * A self-signed certificate for localhost and 127.0.0.1, good until the year 2126, and its key. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=DNS:localhost,IP:127.0.0.1`. It guards nothing.
 */
export const localhostCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3SfAX4mwW4XO9z2P
ePH+XRCz/qj5Fd5caQs4AtsD0I6hRANCAAT71J6yTl4lJzShertk36HfUJ6TMYp+
cvFISmU7tq//6Fk4+3LprqI3100yxB4wV29Qk1qHsRtTu8Yy1UW8XV8f
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUJ9P7x6r7j7DOXjLZwVAvO3GItDwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAyNTcxM1oYDzIxMjYxMDI5
MDI1NzEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT71J6yTl4lJzShertk36HfUJ6TMYp+cvFISmU7tq//6Fk4+3LprqI3
100yxB4wV29Qk1qHsRtTu8Yy1UW8XV8fo28wbTAdBgNVHQ4EFgQU/PCdD2KtKX95
Yh45du9cImoKcsAwHwYDVR0jBBgwFoAU/PCdD2KtKX95Yh45du9cImoKcsAwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgVsK/VEYIg6MfT+NE3Kp5TSovS6ML486AlzXt9H/5Q6oCIB1X
tVS2os42jKACmBEMlHW+1SVF7xxUhBT0p1hto8Oe
-----END CERTIFICATE-----`,
};
