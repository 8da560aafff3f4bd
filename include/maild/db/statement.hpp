#pragma once
// One prepared statement: bind, step, read columns. Comes from Database::prepare() or query(), and
// goes back into the database's cache, reset and with its bindings cleared, when it is destroyed.
// The Database outlives it; same thread. Parameters count from 1 and columns from 0, as in SQLite.
// Text and blobs are copied when bound. Views from column() are valid until the next step(),
// reset() or the end of the statement.

#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"
#include "maild/db/sql.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

struct sqlite3_stmt;

namespace maild::db {

namespace detail {
struct Connection;
struct CachedStatement;

template <class T> struct IsId : std::false_type {};
template <class Tag, class Value> struct IsId<Id<Tag, Value>> : std::true_type {};

template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};
} // namespace detail

class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    // Integers, bool, enumerations, strong ids, double, text, Blob, nullptr, and std::optional of
    // these. A failure (too large, out of memory) is reported by the next step(). An index that the
    // text does not have is our mistake.
    template <class T> Statement& bind(int index, const T& value);
    // Binds 1, 2, 3 … in order.
    template <class... T> Statement& bind_all(const T&... values) {
        [[maybe_unused]] int index = 0;
        (bind(++index, values), ...);
        return *this;
    }

    // True: there is a row. False: done. After an error or the end, reset() before the next use.
    Result<bool> step();
    // Steps to the end and resets: for statements without rows. Returns how many rows were changed.
    Result<std::int64_t> run();
    // Ready to be stepped again; bindings stay.
    void reset();

    // The value in this row as T: integer types, bool, ids, double, std::string, std::string_view,
    // Blob, or std::optional of these (nullopt for NULL). NULL reads as zero or empty otherwise.
    template <class T> T column(int index) const;
    bool is_null(int index) const;

private:
    friend class Database;
    Statement(detail::Connection& connection, sqlite3_stmt* handle, detail::CachedStatement* cached)
        : connection_(&connection), handle_(handle), cached_(cached) {}

    void bind_integer(int index, std::int64_t value);
    void bind_real(int index, double value);
    void bind_text(int index, std::string_view value);
    void bind_blob(int index, std::string_view value);
    void bind_null(int index);
    std::int64_t integer(int index) const;
    double real(int index) const;
    std::string_view bytes(int index) const;
    void note(int bind_result);
    void release();

    detail::Connection* connection_;
    sqlite3_stmt* handle_;
    detail::CachedStatement* cached_; // null: owned here, else lent by the cache
    int bind_error_ = 0;
};

template <class T> Statement& Statement::bind(int index, const T& value) {
    if constexpr (std::is_null_pointer_v<T> || std::is_same_v<T, std::nullopt_t>)
        bind_null(index);
    else if constexpr (detail::IsOptional<T>::value)
        value ? void(bind(index, *value)) : bind_null(index);
    else if constexpr (detail::IsId<T>::value)
        return bind(index, value.value);
    else if constexpr (std::is_enum_v<T>)
        return bind(index, std::to_underlying(value));
    else if constexpr (std::is_same_v<T, Blob>)
        bind_blob(index, value.bytes);
    else if constexpr (std::is_floating_point_v<T>)
        bind_real(index, value);
    else if constexpr (std::is_integral_v<T>) {
        static_assert(std::is_same_v<T, bool> || std::is_signed_v<T> ||
                          sizeof(T) < sizeof(std::int64_t),
                      "SQLite has signed 64-bit integers: convert where the range is known");
        bind_integer(index, static_cast<std::int64_t>(value));
    } else
        bind_text(index, std::string_view(value));
    return *this;
}

template <class T> T Statement::column(int index) const {
    if constexpr (detail::IsOptional<T>::value) {
        if (is_null(index)) return std::nullopt;
        return column<typename T::value_type>(index);
    } else if constexpr (detail::IsId<T>::value)
        return T(column<typename T::value_type>(index));
    else if constexpr (std::is_enum_v<T>)
        return static_cast<T>(column<std::underlying_type_t<T>>(index));
    else if constexpr (std::is_same_v<T, bool>)
        return integer(index) != 0;
    else if constexpr (std::is_integral_v<T>)
        return static_cast<T>(integer(index));
    else if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(real(index));
    else if constexpr (std::is_same_v<T, Blob>)
        return Blob{bytes(index)};
    else
        return T(bytes(index));
}

} // namespace maild::db
