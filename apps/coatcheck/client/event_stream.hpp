#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "client/outcome.hpp"

namespace coatcheck::client {

// One server-sent event.
struct Event {
  std::string id;
  std::string name;
  std::string data;
};

// Takes a stream of server-sent events apart (WHATWG HTML, 9.2), however it is cut into pieces.
class EventStream {
 public:
  using OnEvent = std::function<Outcome<void>(const Event&)>;

  explicit EventStream(OnEvent on_event) : on_event_(std::move(on_event)) {}

  // Calls `on_event` for each event that is whole by now. Trouble if one is longer than 64 MiB, or what
  // `on_event` returns.
  Outcome<void> feed(std::string_view piece);

 private:
  Outcome<void> take_line(std::string_view line);

  OnEvent on_event_;
  std::string line_;
  Event event_;
  bool has_data_ = false;
};

}  // namespace coatcheck::client
