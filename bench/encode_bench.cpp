// CPU time of our text encoders against DuckDB's own COPY of the same rows, in one process and one thread.
//
//   encode_bench [million rows = 10] [pairs = 5] [folder for the files = .]
//
// The rows are (bigint, bigint, double, decimal(10,2), timestamp, varchar). Both sides write a file in the
// given folder, and are measured in pairs (ours, theirs, ours, …), for the machine is never quite still; what is
// printed is the median of the pairs' ratios. Our batches are made beforehand and DuckDB's table is in memory.

#include <arrow/api.h>
#include <duckdb.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "rows/encoder.hpp"

namespace {

using coatcheck::rows::Format;
using Batches = std::vector<coatcheck::rows::Batch>;

constexpr std::int64_t batch_rows = 1 << 16;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

class Engine {
 public:
  Engine() {
    if (duckdb_open(nullptr, &database_) != DuckDBSuccess || duckdb_connect(database_, &connection_) != DuckDBSuccess) {
      fail("DuckDB does not open");
    }
    run("set threads = 1");
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  void run(const std::string& statement) {
    duckdb_result result;
    const bool worked = duckdb_query(connection_, statement.c_str(), &result) == DuckDBSuccess;
    const std::string error = worked ? "" : duckdb_result_error(&result);
    duckdb_destroy_result(&result);
    if (!worked) fail(error);
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

// The same rows on both sides; every value is computed from the row number.
constexpr const char* table_statement = R"(
  create table t as select i as id, (i * 7919) % 1000003 as amount, ((i * 31) % 100000) / 7.0 as ratio,
    (((i * 97) % 100000000) / 100.0)::decimal(10, 2) as price,
    make_timestamp(1767225600000000 + i * 1234567) as at,
    'customer ' || ((i * 13) % 5000) || ' of region ' || (i % 17) as name
  from range({}) r(i))";

coatcheck::rows::Batch make_batch(std::int64_t first, std::int64_t count) {
  arrow::Int64Builder id;
  arrow::Int64Builder amount;
  arrow::DoubleBuilder ratio;
  arrow::Decimal128Builder price(arrow::decimal128(10, 2));
  arrow::TimestampBuilder at(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  arrow::StringBuilder name;
  arrow::Status status;
  for (std::int64_t i = first; i < first + count; ++i) {
    status &= id.Append(i);
    status &= amount.Append(i * 7919 % 1000003);
    status &= ratio.Append(static_cast<double>(i * 31 % 100000) / 7.0);
    status &= price.Append(arrow::Decimal128(i * 97 % 100000000));
    status &= at.Append(1767225600000000 + i * 1234567);
    status &= name.Append(fmt::format("customer {} of region {}", i * 13 % 5000, i % 17));
  }
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (const auto& [field_name, builder] : {std::pair<const char*, arrow::ArrayBuilder*>{"id", &id},
                                            {"amount", &amount},
                                            {"ratio", &ratio},
                                            {"price", &price},
                                            {"at", &at},
                                            {"name", &name}}) {
    auto column = builder->Finish();
    if (!status.ok() || !column.ok()) fail("Arrow builder: " + status.ToString() + column.status().ToString());
    fields.push_back(arrow::field(field_name, (*column)->type()));
    columns.push_back(*std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), count, columns);
}

void write_all(int file, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
    if (written <= 0) fail("write failed");
    done += static_cast<std::size_t>(written);
  }
}

double time_ours(Format format, const Batches& batches, const std::string& path) {
  unlink(path.c_str());
  const double before = cpu_seconds();
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  auto encoder = coatcheck::rows::make_encoder(format, batches.front()->schema());
  if (!encoder) fail(encoder.error().message);
  std::string out;
  if (!(*encoder)->begin(out)) fail("begin");
  for (const auto& batch : batches) {
    if (!(*encoder)->append(*batch, out)) fail("append");
    write_all(file, out);
    out.clear();
  }
  if (!(*encoder)->finish(out)) fail("finish");
  write_all(file, out);
  close(file);
  return cpu_seconds() - before;
}

double time_theirs(Engine& engine, const std::string& path, const std::string& options) {
  unlink(path.c_str());
  const double before = cpu_seconds();
  engine.run(fmt::format("copy t to '{}' ({})", path, options));
  return cpu_seconds() - before;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double megabytes(const std::string& path) {
  struct stat facts{};
  return stat(path.c_str(), &facts) == 0 ? static_cast<double>(facts.st_size) * 1e-6 : 0;
}

void compare(Engine& engine, Format format, const Batches& batches, std::int64_t rows, int pairs,
             const std::string& folder) {
  const std::string ours_path = folder + "/encode_bench.ours";
  const std::string theirs_path = folder + "/encode_bench.theirs";
  const char* const options = format == Format::csv       ? "format csv, header"
                              : format == Format::parquet ? "format parquet, compression zstd"
                              : format == Format::json    ? "format json, array true"
                                                          : "format json";
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  // The first time pays for memory and file pages that later ones find.
  time_ours(format, batches, ours_path);
  time_theirs(engine, theirs_path, options);
  for (int i = 0; i < pairs; ++i) {
    ours.push_back(time_ours(format, batches, ours_path));
    theirs.push_back(time_theirs(engine, theirs_path, options));
    ratios.push_back(theirs.back() / ours.back());
  }
  const double million_rows = static_cast<double>(rows) * 1e-6;
  fmt::print("{:8} ours {:.3f} us/row {:6.0f} MB   COPY {:.3f} us/row {:6.0f} MB   ratio {:.2f} ({:.2f} to {:.2f})\n",
             coatcheck::rows::to_string(format), median(ours) / million_rows, megabytes(ours_path),
             median(theirs) / million_rows, megabytes(theirs_path), median(ratios),
             *std::min_element(ratios.begin(), ratios.end()), *std::max_element(ratios.begin(), ratios.end()));
  unlink(ours_path.c_str());
  unlink(theirs_path.c_str());
}

void run(std::int64_t rows, int pairs, const std::string& folder) {
  Engine engine;
  engine.run(fmt::format(table_statement, rows));
  Batches batches;
  for (std::int64_t row = 0; row < rows; row += batch_rows) {
    batches.push_back(make_batch(row, std::min(batch_rows, rows - row)));
  }
  for (const Format format : {Format::ndjson, Format::json, Format::csv, Format::parquet}) {
    compare(engine, format, batches, rows, pairs, folder);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::int64_t rows = (argc > 1 ? std::atoll(argv[1]) : 10) * 1'000'000;
  run(rows, argc > 2 ? std::atoi(argv[2]) : 5, argc > 3 ? argv[3] : ".");
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "encode_bench: {}\n", error.what());
  return 1;
}
