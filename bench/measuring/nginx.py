"""nginx with one process that serves a folder: the yardstick for serving."""

import shutil
import socket
import subprocess
import time

from . import process

CONFIG = """daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  open_file_cache max=100;
  open_file_cache_valid 1h;
  default_type application/json;
  client_body_temp_path {folder}/temporary;
  proxy_temp_path {folder}/temporary;
  fastcgi_temp_path {folder}/temporary;
  uwsgi_temp_path {folder}/temporary;
  scgi_temp_path {folder}/temporary;
  server {{ listen 127.0.0.1:{port}{tls}; root {folder}/files; }}
}}
"""


# As modern as ours, which takes 1.2 too; wrk and either of them agree on the same cipher.
TLS = " ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3"


class Nginx:
    """With a certificate and its key, which are files, it takes TLS only."""

    def __init__(self, directory, cpus=None, certificate=None):
        self.folder = directory / "nginx"
        self.certificate = certificate
        self.files = self.folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.cpus = cpus

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = ("127.0.0.1", port)
        config = self.folder / "nginx.conf"
        tls = TLS.format(certificate=self.certificate[0], key=self.certificate[1]) if self.certificate else ""
        config.write_text(CONFIG.format(folder=self.folder, port=port, tls=tls))
        self.process = subprocess.Popen([shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"),
                                         "-p", self.folder, "-c", config], preexec_fn=process.run_on(self.cpus))
        for _ in range(500):
            try:
                socket.create_connection(self.address).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise RuntimeError("nginx does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def url(self, path):
        return f"http{'s' * bool(self.certificate)}://127.0.0.1:{self.address[1]}{path}"
