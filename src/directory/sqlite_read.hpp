#pragma once
// Reading rows: a statement's rows as values, and runs whose row count does not matter.

#include "maild/db/database.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace maild::directory {

// Every row, each made into a value by `read(statement)`.
template <class Read>
auto read_rows(Result<db::Statement> statement, Read read)
    -> Result<std::vector<decltype(read(*statement))>> {
    if (!statement) return std::unexpected(std::move(statement.error()));
    std::vector<decltype(read(*statement))> rows;
    while (true) {
        auto row = statement->step();
        if (!row) return std::unexpected(std::move(row.error()));
        if (!*row) return rows;
        rows.push_back(read(*statement));
    }
}

// The first row, if there is one.
template <class Read>
auto read_row(Result<db::Statement> statement, Read read)
    -> Result<std::optional<decltype(read(*statement))>> {
    if (!statement) return std::unexpected(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row.error()));
    if (!*row) return std::nullopt;
    return read(*statement);
}

inline Result<void> ran(const Result<std::int64_t>& changed) {
    if (!changed) return std::unexpected(changed.error());
    return {};
}

// SQLite's integers have a sign; the rules keep every limit below 2^63.
inline std::int64_t stored(std::uint64_t limit) { return static_cast<std::int64_t>(limit); }

} // namespace maild::directory
