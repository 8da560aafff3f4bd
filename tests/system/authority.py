"""An authority that vouches for certificates, and a web server with policies of MTA-STS (RFC 8461) that has one."""
import contextlib
import http.server
import ssl
import subprocess
import threading


class Authority:
    """Who vouches for certificates here."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate = folder / "authority.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=authority",
                     "-keyout", folder / "authority.key", "-out", self.certificate)
        self.certificate.chmod(0o644)

    @staticmethod
    def openssl(*words):
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout

    def issue(self, *names, days=2):
        """Files of a certificate and its key."""
        certificate, key = (self.folder / f"{names[0]}.{kind}" for kind in ("pem", "key"))
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", f"/CN={names[0]}",
                     "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-addext", "basicConstraints=critical,CA:FALSE",
                     "-CA", self.certificate, "-CAkey", self.folder / "authority.key", "-keyout", key, "-out", certificate)
        return certificate, key

    def tlsa_of(self, certificate):
        public = self.openssl("x509", "-in", certificate, "-noout", "-pubkey").decode()
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public.encode(), check=True, capture_output=True).stdout
        return "3 1 1 " + subprocess.run(["sha256sum"], input=der, check=True, capture_output=True, text=False).stdout.decode().split()[0]


class PolicyServer:
    """HTTPS for what stands in `policies`: domain → text. With `place`, a network.Namespace, in there."""

    def __init__(self, address, certificate, key, place=None):
        self.policies, outer = {}, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                policy = outer.policies.get(self.headers["Host"].removeprefix("mta-sts."))
                self.send_response(200 if policy and self.path == "/.well-known/mta-sts.txt" else 404)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write((policy or "").encode())

            def log_message(self, *words):
                pass

        with place or contextlib.nullcontext():
            self.server = http.server.ThreadingHTTPServer((address, 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
