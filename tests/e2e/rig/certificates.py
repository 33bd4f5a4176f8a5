"""Certificates for origins that a client must trust, or must not."""

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dh, ec, rsa

DAY = datetime.timedelta(days=1)
Usage = x509.ExtendedKeyUsageOID

# RFC 2409, section 6.2.
OAKLEY_1024 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF", 16)


def new_key(kind="p256"):
    """p256, p384, or the bits of an RSA key."""
    if isinstance(kind, int):
        return rsa.generate_private_key(65537, kind)
    return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1}[kind]())


class Authority:
    """A certificate authority of the test. `file` is what fetch.ca_file should name. With an issuer it is an intermediate
    one; what it issues comes with its certificate, unless that is to be missing."""

    def __init__(self, folder, name="fetchpool test authority", issuer=None, key="p256", path_length=0, digest=hashes.SHA256(),
                 starts=-DAY, ends=DAY, is_authority=True, permitted=None):
        self.folder = folder
        self.key = new_key(key)
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.issuer = issuer
        builder = _builder(self.name, issuer.name if issuer else self.name, self.key.public_key(), starts, ends)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=path_length if is_authority else None), critical=True)
        if permitted:
            builder = builder.add_extension(x509.NameConstraints([x509.DNSName(permitted)], None), critical=True)
        self.certificate = builder.sign(issuer.key if issuer else self.key, digest)
        self.file = folder / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(_pem(self.certificate))

    def server_context(self, *names, **how):
        """A server-side TLS context for host names or addresses."""
        return _context(self.server_file(*names, **how))

    def server_file(self, *names, starts=-DAY, ends=DAY, self_signed=False, key="p256", digest=hashes.SHA256(),
                    common_name=None, usages=(), with_chain=True):
        """A file with a certificate, its chain and its key; `starts` and `ends` are relative to now."""
        key = new_key(key)
        common_name = names[0] if common_name is None else common_name
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else [])
        issuer = subject if self_signed else self.name
        builder = _builder(subject, issuer, key.public_key(), starts, ends)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), not common_name)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), False)
        certificate = builder.sign(key if self_signed else self.key, digest)
        chain = [self.certificate] if self.issuer and with_chain else []
        path = self.folder / f"server-{certificate.serial_number}.pem"
        path.write_bytes(b"".join(map(_pem, [certificate, *chain])) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return path


def weak_dh_file(folder):
    """Parameters of 1024 bits for SSLContext.load_dh_params."""
    path = folder / "dh-1024.pem"
    parameters = dh.DHParameterNumbers(OAKLEY_1024, 2).parameters()
    path.write_bytes(parameters.parameter_bytes(serialization.Encoding.PEM, serialization.ParameterFormat.PKCS3))
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


def _context(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a server may be as weak as it likes; the client decides
    context.load_cert_chain(path)
    return context
