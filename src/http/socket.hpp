#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "async/task.hpp"

namespace coatcheck::http {

using Socket = async::asio::basic_stream_socket<async::asio::ip::tcp, async::Executor>;

}  // namespace coatcheck::http
