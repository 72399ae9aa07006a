#include "warehouse/adbc/check.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "warehouse/adbc/driver.hpp"
#include "warehouse/testing/run_task.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;

// Takes connections and says nothing: a driver without a time limit of its own waits for ever.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, generic, size) != 0 || listen(socket_, 8) != 0 || getsockname(socket_, generic, &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(address.sin_port);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  ~SilentServer() {
    if (connection_ >= 0) close(connection_);
    close(socket_);
  }

  std::string uri() const { return "postgresql://nobody@127.0.0.1:" + std::to_string(port_) + "/none"; }
  // Returns when somebody has connected.
  void take_one() { connection_ = accept(socket_, nullptr, nullptr); }
  bool has_another() const {
    const int another = accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK);
    if (another >= 0) close(another);
    return another >= 0;
  }
  void stay_nonblocking() {
    const timeval at_once{.tv_sec = 0, .tv_usec = 1};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &at_once, sizeof at_once);
  }

 private:
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  int connection_ = -1;
  std::uint16_t port_ = 0;
};

class AdbcCheckTest : public ::testing::Test {
 protected:
  ~AdbcCheckTest() override {
    server_.reset();
    // The driver gives up now, and its thread ends; the options, which hold this too, were the last that it had.
    while (alive_.use_count() > 1) std::this_thread::yield();
  }

  AdbcOptions options() const {
    return {.driver = COATCHECK_ADBC_POSTGRESQL,
            .database_options = {{"uri", server_->uri()}},
            .credentials = [alive = alive_]() -> Result<AdbcOptions::Values> { return AdbcOptions::Values(); },
            .running_max = 1};
  }

  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::optional<SilentServer> server_{std::in_place};
  async::Loop loop_;
};

TEST_F(AdbcCheckTest, a_driver_that_hangs_holds_neither_who_asks_nor_the_end_of_the_connector) {
  auto connector = open_adbc(options(), loop_);
  ASSERT_TRUE(connector) << connector.error().message;
  async::asio::cancellation_signal signal;
  std::optional<Outcome<std::string>> outcome;
  async::asio::co_spawn(
      loop_.get_executor(), (*connector)->check(),
      async::asio::bind_cancellation_slot(
          signal.slot(), [&](const std::exception_ptr&, Outcome<std::string> told) { outcome = std::move(told); }));
  loop_.poll();
  server_->take_one();
  EXPECT_FALSE(outcome);
  signal.emit(async::asio::cancellation_type::terminal);
  loop_.restart();
  loop_.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error().category, FailureCategory::canceled);
  connector->reset();
}

TEST_F(AdbcCheckTest, who_asks_again_waits_for_the_one_that_hangs) {
  const auto given = options();
  ASSERT_TRUE(adbc::load_driver(given));
  adbc::Checker checker(loop_.get_executor(), std::make_shared<adbc::Database>(given));
  auto seats = std::make_shared<adbc::Seats>(loop_.get_executor(), 1);
  auto seat = run_task(loop_, adbc::Seats::take(seats, adbc::Seats::Deadline::max()));
  for (int i = 0; i != 3; ++i) {
    const auto told = run_task(loop_, checker.run(std::move(*seat), 1ms));
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().category, FailureCategory::unavailable);
    EXPECT_EQ(told.error().message, "The warehouse has not answered within 1ms.");
    EXPECT_TRUE(checker.is_under_way());
  }
  server_->take_one();
  server_->stay_nonblocking();
  EXPECT_FALSE(server_->has_another());
  EXPECT_FALSE(run_task(loop_, adbc::Seats::take(seats, adbc::Seats::Deadline{}))) << "it has its seat still";
  server_.reset();
  const auto told = run_task(loop_, checker.run({}, 60s));
  EXPECT_EQ(told.error().category, FailureCategory::unavailable);
  // Closed, or refused when it has tried once more without TLS.
  EXPECT_NE(told.error().message.find("connection to server at"), std::string::npos) << told.error().message;
  EXPECT_FALSE(checker.is_under_way());
  EXPECT_TRUE(run_task(loop_, adbc::Seats::take(seats, adbc::Seats::Deadline{})));
}

}  // namespace
}  // namespace coatcheck::warehouse
