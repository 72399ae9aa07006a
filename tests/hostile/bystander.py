"""A client that means well, while others do not."""

import threading

from wire import GET, Connection


class Bystander:
    """Is answered all the time that its `with` takes, or fails the test: on new connections, and on ones that last."""

    def __init__(self, server):
        self.server = server
        self.failures = []
        self.answered = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._ask)

    def _ask(self):
        try:
            while not self.ends.is_set():
                with Connection(self.server) as connection:
                    for _ in range(10):
                        answer = connection.ask(GET)
                        assert answer is not None and answer.status == 200, answer
                        self.answered += 1
                        self.ends.wait(0.01)  # The server and the test need the processors too.
        except Exception as failure:  # Whatever it is, the test is to hear of it.
            self.failures.append(failure)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
        assert not self.failures and self.answered, self.failures
