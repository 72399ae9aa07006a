#include <malloc.h>

#include <arrow/api.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "warehouse/conformance/connector_suite.hpp"

#ifdef __SANITIZE_ADDRESS__
// Declared in sanitizer/allocator_interface.h, which g++ does not bring.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace coatcheck::warehouse {
namespace {

// What is allocated and not yet freed, also by the libraries of the warehouses. What the process holds would tell more
// of the allocators than of us.
std::size_t allocated_bytes() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto told = ::mallinfo2();
  return told.uordblks + told.hblkhd;
#endif
}

// Arrow's memory too, which has an allocator of its own as a rule.
std::size_t allocated_mib() {
  const auto* pool = arrow::default_memory_pool();
  const auto arrows = pool->backend_name() == "system" ? 0 : pool->bytes_allocated();
  return (allocated_bytes() + static_cast<std::size_t>(arrows)) / (1U << 20U);
}

// Ten million by COATCHECK_CONFORMANCE_ROWS=10000000, which takes minutes with sanitizers.
std::int64_t rows_asked_for() {
  const char* asked = std::getenv("COATCHECK_CONFORMANCE_ROWS");
  return asked != nullptr ? std::stoll(asked) : 1'000'000;
}

TEST_P(ConnectorConformance, however_many_rows_there_are_memory_is_flat) {
  const auto rows = rows_asked_for();
  const auto before = allocated_mib();
  auto execution = started(GetParam().plenty(rows));
  auto cursor = run_task(loop_, execution->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  std::int64_t seen = 0;
  std::size_t most = before;
  while (true) {
    auto batch = run_task(loop_, (*cursor)->next());
    ASSERT_TRUE(batch) << batch.error().message;
    if (!*batch) break;
    seen += (**batch)->num_rows();
    most = std::max(most, allocated_mib());
  }
  EXPECT_EQ(seen, rows);
  EXPECT_LT(most, before + GetParam().plenty_mib_max);
  RecordProperty("mib_at_most", static_cast<int>(most - before));
}

}  // namespace
}  // namespace coatcheck::warehouse
