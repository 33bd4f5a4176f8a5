"""Certificates for origins that a client must trust, or must not."""

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority of the test. `file` is what fetch.ca_file should name."""

    def __init__(self, folder, name="fetchpool test authority"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = _builder(self.name, self.name, self.key.public_key(), -DAY, DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(self.certificate))

    def server_context(self, *names, **how):
        """A server-side TLS context for host names or addresses."""
        path = self.server_file(*names, **how)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def server_file(self, *names, starts=-DAY, ends=DAY, self_signed=False):
        """A file with a certificate and its key; `starts` and `ends` are relative to now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        issuer = subject if self_signed else self.name
        builder = _builder(subject, issuer, key.public_key(), starts, ends)
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
        certificate = builder.sign(key if self_signed else self.key, hashes.SHA256())
        path = self.folder / f"server-{certificate.serial_number}.pem"
        path.write_bytes(_pem(certificate) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return path


def _builder(subject, issuer, public_key, starts, ends):
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(now + starts).not_valid_after(now + ends))


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
