#pragma once
// Handing an error on: if (!row) return pass(row);

#include "maild/base/error.hpp"

#include <utility>

namespace maild::store {

template <class T> std::unexpected<Error> pass(Result<T>& failed) {
    return std::unexpected(std::move(failed.error()));
}
template <class T> std::unexpected<Error> pass(const Result<T>& failed) {
    return std::unexpected(failed.error());
}

} // namespace maild::store
