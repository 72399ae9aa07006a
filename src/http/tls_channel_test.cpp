#include "http/tls_channel.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cerrno>
#include <thread>

#include "http/testing/authority.hpp"
#include "http/testing/tls_client.hpp"

namespace coatcheck::http {
namespace {

using async::asio::ip::tcp;
using testing::Authority;
using testing::ServerFiles;
using testing::TlsClient;

int bytes_there(const Socket& socket) {
  int count = 0;
  ::ioctl(const_cast<Socket&>(socket).native_handle(), FIONREAD, &count);
  return count;
}

TEST(TlsChannel, a_client_that_sends_nothing_but_new_keys_does_not_hold_a_call) {
  const Authority authority("authority");
  const ServerFiles files(authority.issue("server"));
  auto certificates = Certificates::open(files.files());
  ASSERT_TRUE(certificates) << certificates.error().message;
  async::Loop loop;
  async::asio::basic_socket_acceptor<tcp, async::Executor> acceptor(
      loop.get_executor(), tcp::endpoint(async::asio::ip::address_v4::loopback(), 0));

  std::thread other_end([&, port = acceptor.local_endpoint().port()] {
    TlsClient client(port, authority);
    // More than one call reads, and less than the kernel holds.
    for (int i = 0; i < 4000; ++i) {
      SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
      SSL_do_handshake(client.ssl());
    }
    // It stays until the server has closed.
    char byte = 0;
    SSL_read(client.ssl(), &byte, 1);
  });
  Socket socket(loop.get_executor());
  acceptor.accept(socket);
  socket.non_blocking(true);
  TlsChannel channel(certificates->new_connection(), socket);
  while (channel.shake_hands() == TlsChannel::Shaken::not_yet) {
    pollfd ready{.fd = socket.native_handle(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  }
  while (bytes_there(socket) < 90'000) std::this_thread::yield();

  std::array<char, 100> into{};
  EXPECT_EQ(channel.read(into.data(), into.size()), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(channel.awaits(), Socket::wait_read);
  EXPECT_GT(bytes_there(socket), 0);
  // In the end all of them have been read.
  while (bytes_there(socket) > 0) EXPECT_EQ(channel.read(into.data(), into.size()), -1);
  channel.end();
  socket.close();
  other_end.join();
}

}  // namespace
}  // namespace coatcheck::http
