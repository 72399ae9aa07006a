#pragma once

#include <string_view>

namespace coatcheck {

// Tells the service manager that started this process, if one wants to know, how it is: "READY=1", "STOPPING=1"
// (sd_notify(3): one datagram to the socket named by NOTIFY_SOCKET). Never blocks, and no answer is awaited; that it
// could not be told is logged.
void tell_service_manager(std::string_view state);

}  // namespace coatcheck
