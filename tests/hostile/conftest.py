import resource

from harness.fixtures import api, end, pytest_runtest_makereport, server, shared_server, start_server  # noqa: F401

# Servers inherit it: each side of ten thousand connections needs as many descriptors.
DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
