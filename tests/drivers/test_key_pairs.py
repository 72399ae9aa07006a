"""Key pairs (JWT) instead of passwords: each driver signs in with a private key, and changes it for the next one."""

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import chosen_drivers, end, new_server
from drivers import Connection, Credentials, DriverFailed, Process
from harness.keys import make_key
from harness.statements import numbers
from harness.waiting import until


def key(server, command, *arguments):
    """`coatcheck key …` in the server's directory; returns what it prints."""
    done = subprocess.run([str(server.binary), "key", command, *map(str, arguments), "--data", str(server.data)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_pair(directory, name):
    """Writes a new key pair; returns the files of its private and its public half."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    files = directory / f"{name}.p8", directory / f"{name}.pub"
    files[0].write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    files[1].write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return files


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    """A server where a user of each driver's name has two public keys. `private` has the files of the private halves by the
    name of the pair: old and new, and strange, which is nobody's; `old_ids` the ids of the old ones by user."""
    directory = tmp_path_factory.mktemp("keys")
    server = new_server(directory, {"authentication.enabled": True})
    pairs = {name: make_pair(directory, name) for name in ("old", "new", "strange")}
    server.private = {name: private for name, (private, _) in pairs.items()}
    server.old_ids = {}
    for driver in chosen_drivers(request.config):
        server.old_ids[driver.name] = key(server, "register", "--public-key", pairs["old"][1], driver).split()[0]
        key(server, "register", "--public-key", pairs["new"][1], driver)
    root = make_key(server.binary, server.data, "root", "admin")
    yield server.start()
    end(server, root)


def signed_with(server, driver, pair):
    return Credentials(server, driver.name, "", private_key_file=str(server.private[pair]), login_timeout=20)


def check_unknown(failure):
    assert failure.code == "394304", failure
    assert "the user has no public key with this fingerprint" in failure.message


def refusal(connection):
    """What the driver raises when its session is over; None as long as it is not."""
    try:
        connection("run", numbers(1))
    except DriverFailed as failed:
        return failed
    return None


def test_one_key_follows_the_other_without_a_gap(driver, server, tmp_path):
    before = Connection(driver, signed_with(server, driver, "old"), tmp_path)
    after = Connection(driver, signed_with(server, driver, "new"), tmp_path)
    try:
        # Both are good at the same time, and are the same principal.
        id = before("submit", numbers(3))
        assert after("results", id)["rows"] == [["0"], ["1"], ["2"]]
        assert after("run", "SELECT CURRENT_USER() AS me")["rows"][0][0].lower() == driver.name

        key(server, "revoke", server.old_ids[driver.name])
        # What was opened with the old key ends; what was opened with the new one does not.
        over = until(lambda: refusal(before), "the session of a key that is revoked to end")
        assert over.code == "390111" or over.message == "Unable to perform operation using terminated connection.", over
        with pytest.raises(DriverFailed) as failed:
            Process(driver, signed_with(server, driver, "old"), tmp_path)("run", "SELECT 1 AS one")
        check_unknown(failed.value)
        assert after("scan", id)["items"] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]
    finally:
        before.kill()
        after.close()


def test_a_key_that_is_not_registered(driver, server, tmp_path):
    with pytest.raises(DriverFailed) as failed:
        Process(driver, signed_with(server, driver, "strange"), tmp_path)("run", "SELECT 1 AS one")
    check_unknown(failed.value)
