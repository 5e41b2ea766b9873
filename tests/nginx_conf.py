# SPDX-License-Identifier: MIT
"""The configuration of an nginx on the loopback, for tests (nginx.py) and for scripts/bench."""

CONF = """\
daemon {daemon};
{main}
worker_processes {workers};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections {connections}; }}
http {{
    access_log {access_log};
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout {keepalive};
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }} }}
}}
"""


def write_configuration(folder, port, workers=1, keepalive=60, daemon="off", main="", connections=256,
                        access_log=None):
    """The file "conf" in the folder."""
    text = CONF.format(folder=folder, port=port, workers=workers, keepalive=keepalive, daemon=daemon,
                       main=main, connections=connections,
                       access_log=access_log or f"{folder}/access.log")
    (folder / "conf").write_text(text, "ascii")
