#include "warehouse/duckdb/built_in.hpp"

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/common/error_data.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/connection.hpp>
#include <duckdb/parser/parsed_data/create_view_info.hpp>
#include <exception>
#include <utility>

namespace coatcheck::warehouse::duckdb {

Result<void> change_built_in(duckdb_connection connection,
                             const std::function<void(::duckdb::ClientContext&, ::duckdb::Catalog&)>& change) {
  auto& context = *reinterpret_cast<::duckdb::Connection*>(connection)->context;
  try {
    context.RunFunctionInTransaction([&] { change(context, ::duckdb::Catalog::GetSystemCatalog(context)); });
  } catch (const std::exception& thrown) {
    return Error{Errc::io_error, "DuckDB cannot be locked: " + ::duckdb::ErrorData(thrown).Message()};
  }
  return Result<void>::ok();
}

Result<void> add_dual(duckdb_connection connection) {
  return change_built_in(connection, [](::duckdb::ClientContext& context, ::duckdb::Catalog& catalog) {
    auto view = ::duckdb::make_uniq<::duckdb::CreateViewInfo>();
    view->schema = "main";
    view->view_name = "dual";
    view->sql = "SELECT 'X' AS \"DUMMY\"";
    view->internal = true;
    view->temporary = true;
    const auto bound = ::duckdb::CreateViewInfo::FromSelect(context, std::move(view));
    catalog.CreateView(context, *bound);
  });
}

}  // namespace coatcheck::warehouse::duckdb
