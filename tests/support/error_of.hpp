#pragma once
// The error code of a Result for comparing in tests; nothing when it is a success.

#include "maild/base/error.hpp"

#include <optional>

namespace maild::test {

template <class T> std::optional<Errc> error_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.error().code;
}

} // namespace maild::test
