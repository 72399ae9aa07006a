"""What tests of the whole service share: the server as a process, its API as a client, the contract as a check."""
