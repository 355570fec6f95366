"""The service over TCP: TLS 1.3 with certificates on both sides."""
import json
import os
import socket
import ssl
import subprocess

from harness import ABSENT, AGAIN, DATA, REFUSED, USAGE, case, check, equal, openssl, sfu
from hsm_device import Line
from hsm_world import Hsm


def certificates(d):
    """An authority, a service for localhost, a station; and another authority with its own station."""
    for name in ("ca", "rogue-ca"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", d / f"{name}.key", "-out", d / f"{name}.pem")
    for name, by, names in (("service", "ca", "DNS:localhost"), ("station", "ca", "DNS:station"),
                            ("thief", "rogue-ca", "DNS:localhost"), ("elsewhere", "ca", "DNS:elsewhere")):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={names}", "-keyout", d / f"{name}.key", "-out", d / f"{name}.csr")
        openssl("x509", "-req", "-in", d / f"{name}.csr", "-CA", d / f"{by}.pem", "-CAkey", d / f"{by}.key", "-days",
                "2", "-copy_extensions", "copy", "-out", d / f"{name}.pem")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tls(d, name, ca="ca"):
    return ["--ca", d / f"{ca}.pem", "--cert", d / f"{name}.pem", "--tls-key", d / f"{name}.key"]


@case
def stations_come_by_tls(w, d):
    certificates(d)
    hsm, port = Hsm(d), free_port()
    where = f"localhost:{port}"
    station = lambda *more, **options: sfu("personalize", "-p", d / "port", "--hsm", where, *more, **options)
    with hsm.serve(listen=where, arguments=tls(d, "service")), Line(d / "port", hsm.chip()) as line:
        station(*tls(d, "thief"), status=AGAIN, err="may refuse this station's certificate")
        station(*tls(d, "station", ca="rogue-ca"), status=REFUSED, err="the service's certificate is refused")
        sfu("hsm", "status", "--hsm", f"127.0.0.1:{port}", *tls(d, "station"), status=REFUSED,
            err="certificate is refused: (hostname|IP address) mismatch")
        station(status=USAGE, err="needs --ca, --cert and --tls-key")
        equal(line.seen, [], "what the device heard so far")
        # plain TCP, no certificate, TLS 1.2
        with socket.create_connection(("localhost", port)) as plain:
            plain.sendall(b"\x05\0\0\0\x01\x01\0\0\0")
            try:
                check(b"\x81" not in plain.recv(100)[:6], "an answer without TLS")
            except ConnectionResetError:
                pass
        for options in ({"maximum_version": ssl.TLSVersion.TLSv1_2, "key": True}, {"key": False}):
            context = ssl.create_default_context(cafile=str(d / "ca.pem"))
            if options["key"]:
                context.load_cert_chain(d / "station.pem", d / "station.key")
                context.maximum_version = options["maximum_version"]
            try:
                with socket.create_connection(("localhost", port)) as raw, \
                        context.wrap_socket(raw, server_hostname="localhost") as line_:
                    line_.sendall(b"\x05\0\0\0\x01\x01\0\0\0")
                    equal(line_.recv(100), b"", f"an answer with {options}")
            except (ssl.SSLError, ConnectionResetError):
                pass
        station(*tls(d, "station"))
        check("licence 1: receipt sent again" in station(*tls(d, "station")).out, "again")
        order = hsm.order(5)
        sfu("hsm", "stock", "add", "--hsm", where, *tls(d, "station"), order)
        equal(json.loads(sfu("hsm", "status", "--hsm", where, *tls(d, "station"), "--json").out)["stock"], 14, "stock")
    equal(len(hsm.taken()), 1, "licences")


@case
def tls_files_that_are_wrong(w, d):
    certificates(d)
    hsm = Hsm(d)
    serve = lambda *more, **options: sfu("hsm", "serve", "-d", hsm.box, "-l", "localhost:1", *more, **options)
    serve(status=USAGE, err="needs --ca, --cert and --tls-key")
    sfu("hsm", "serve", "-d", hsm.box, "-l", d / "s", *tls(d, "service"), status=USAGE, err="a Unix socket needs no")
    files = tls(d, "service")
    serve(*files[:5], d / "station.key", status=DATA, err="is not the private key of the certificate")
    serve(*files[:3], d / "order.pub", *files[4:], status=DATA, err="holds no certificate")
    (d / "service.key").chmod(0o644)
    serve(*files, status=REFUSED, err="chmod 600")
    for where in ("a:", ":1", "x" * 300 + ":1", "/" + "x" * 200):
        sfu("hsm", "serve", "-d", hsm.box, "-l", where, status=USAGE, err="neither a path|too long")
