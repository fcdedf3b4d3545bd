/**
 * A self-signed certificate for login.example.edu, good until the year 2126, and its key. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=login.example.edu
 * -addext subjectAltName=DNS:login.example.edu`. It guards nothing.
 */
export const otherHostCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJDArly0Vj/YoTmQn
TJUQ+W0tpXEdU6s2TKkR2mCeoXehRANCAAR7m58Y0QhYfC0z5HWvpNIumNOO+bYS
kom7voP58Kcdk4zf5kzQdSFXWVCQ5C662MSVfORmuwY/QnRmimnoW2Jp
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBrTCCAVOgAwIBAgIUNEFJqILDAAX4aHQBJYgfiiiVYdYwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRbG9naW4uZXhhbXBsZS5lZHUwIBcNMjYxMTIyMDMzMzUwWhgP
MjEyNjEwMjkwMzMzNTBaMBwxGjAYBgNVBAMMEWxvZ2luLmV4YW1wbGUuZWR1MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEe5ufGNEIWHwtM+R1r6TSLpjTjvm2EpKJ
u76D+fCnHZOM3+ZM0HUhV1lQkOQuutjElXzkZrsGP0J0Zopp6FtiaaNxMG8wHQYD
VR0OBBYEFEdzkQcTTjoG/BbsLZrhJA54EaFlMB8GA1UdIwQYMBaAFEdzkQcTTjoG
/BbsLZrhJA54EaFlMA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4IRbG9naW4u
ZXhhbXBsZS5lZHUwCgYIKoZIzj0EAwIDSAAwRQIhAPMsIEM9GcgksQYowOyI9w8H
n///OaJXNBkX4ePaex4oAiBiidWDxs1OBzwdVux1dV7iv/akr0Z2pOeq/QYlf9aW
4g==
-----END CERTIFICATE-----`,
};
