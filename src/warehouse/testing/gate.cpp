#include "warehouse/testing/gate.hpp"

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <list>
#include <stdexcept>
#include <thread>
#include <utility>

namespace coatcheck::warehouse {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Socket = asio::generic::stream_protocol::socket;

Endpoint endpoint_of(const std::string& address) {
  if (address.starts_with('/')) return asio::local::stream_protocol::endpoint(address);
  const auto colon = address.rfind(':');
  if (colon == address.npos) throw std::invalid_argument("no place to lead to: " + address);
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
  return tcp::endpoint(asio::ip::make_address(address.substr(0, colon)), port);
}

// One connection: what comes from either side goes to the other, until one of them ends.
class Passage : public std::enable_shared_from_this<Passage> {
 public:
  Passage(tcp::socket client, asio::io_context& loop) : client_{std::move(client), {}}, server_{Socket(loop), {}} {}

  void begin(const Endpoint& server) {
    server_.socket.async_connect(server, [self = shared_from_this()](const auto& error) {
      if (error) return self->end();
      self->pass(self->client_, self->server_);
      self->pass(self->server_, self->client_);
    });
  }

  void end() {
    boost::system::error_code ignored;
    client_.socket.close(ignored);
    server_.socket.close(ignored);
  }

 private:
  struct Side {
    Socket socket;
    std::array<char, 65'536> bytes;  // That have come from it.
  };

  void pass(Side& from, Side& to) {
    from.socket.async_read_some(asio::buffer(from.bytes),
                                [self = shared_from_this(), &from, &to](const auto& error, std::size_t count) {
                                  if (error) return self->end();
                                  self->hand_on(from, to, count);
                                });
  }
  void hand_on(Side& from, Side& to, std::size_t count) {
    asio::async_write(to.socket, asio::buffer(from.bytes.data(), count),
                      [self = shared_from_this(), &from, &to](const auto& error, std::size_t) {
                        if (error) return self->end();
                        self->pass(from, to);
                      });
  }

  Side client_;
  Side server_;
};

}  // namespace

class Gate::Impl {
 public:
  explicit Impl(const std::string& address) : server_(endpoint_of(address)) {
    listen();
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Impl() {
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  void shut() {
    on_thread([this] {
      acceptor_.close();
      for (const auto& weak : passages_) {
        if (const auto passage = weak.lock()) passage->end();
      }
      passages_.clear();
    });
  }
  void open() {
    on_thread([this] {
      if (!acceptor_.is_open()) listen();
    });
  }

 private:
  void listen() {
    acceptor_ = tcp::acceptor(loop_, {asio::ip::address_v4::loopback(), port_});
    accept();
  }
  void accept() {
    acceptor_.async_accept([this](const auto& error, tcp::socket client) {
      if (error) return;
      std::erase_if(passages_, [](const auto& passage) { return passage.expired(); });
      const auto passage = std::make_shared<Passage>(std::move(client), loop_);
      passages_.push_back(passage);
      passage->begin(server_);
      accept();
    });
  }
  template <class Work>
  void on_thread(Work work) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  Endpoint server_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> busy_{loop_.get_executor()};
  tcp::acceptor acceptor_{loop_};
  std::uint16_t port_ = 0;
  std::list<std::weak_ptr<Passage>> passages_;
  std::thread thread_;
};

Gate::Gate(const std::string& address) : impl_(std::make_unique<Impl>(address)) {}
Gate::~Gate() = default;
std::uint16_t Gate::port() const { return impl_->port(); }
void Gate::shut() { impl_->shut(); }
void Gate::open() { impl_->open(); }

}  // namespace coatcheck::warehouse
