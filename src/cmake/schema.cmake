# maild_schema(store) embeds schema/store/NNNN_what.sql, in order, into maild_store: #include "schema/store.hpp" declares
# maild::store::schema(), the steps for db::migrate(). The folder itself is the list: a step that was forgotten in a
# list would be a database that cannot be opened, and the numbers are checked to be 1, 2, 3 … here.
function(maild_schema name)
  set(folder ${PROJECT_SOURCE_DIR}/schema/${name})
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  list(SORT files)
  if(NOT files)
    message(FATAL_ERROR "maild_schema(${name}): no ${folder}/*.sql")
  endif()
  set(version 0)
  set(steps "")
  foreach(file IN LISTS files)
    math(EXPR version "${version} + 1")
    get_filename_component(step ${file} NAME)
    if(NOT step MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+\\.sql$")
      message(FATAL_ERROR "${file}: the name must be NNNN_what.sql")
    endif()
    string(REGEX REPLACE "^0+" "" number ${CMAKE_MATCH_1})
    if(NOT number EQUAL version)
      message(FATAL_ERROR "${file}: step ${version} was expected here; numbers leave no gap")
    endif()
    file(READ ${file} text)
    string(APPEND steps "    {${version}, \"${step}\", R\"maild_sql(${text})maild_sql\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()

  set(generated ${PROJECT_BINARY_DIR}/generated)
  file(CONFIGURE OUTPUT ${generated}/schema/${name}.hpp @ONLY CONTENT
"#pragma once
#include \"maild/db/migration.hpp\"

#include <span>

namespace maild::@name@ {
std::span<const db::Migration> schema();   // every step of schema/@name@
}
")
  file(CONFIGURE OUTPUT ${generated}/schema/${name}.cpp @ONLY CONTENT
"#include \"schema/@name@.hpp\"

namespace maild::@name@ {
namespace {
constexpr db::Migration kSteps[] = {
@steps@};
}
std::span<const db::Migration> schema() { return kSteps; }
}  // namespace maild::@name@
")
  target_sources(maild_${name} PRIVATE ${generated}/schema/${name}.cpp)
  target_include_directories(maild_${name} PUBLIC ${generated})
endfunction()
