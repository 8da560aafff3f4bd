#pragma once
// The one thing that moves over input in every parser: a view and a position. Cheap to copy, so
// that a rule can try and fall back. Views that it returns point into the input. Never throws,
// total over all byte strings.

#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild {

// Where parsing stopped and what the grammar wanted there. `expected` is a literal of ours, never
// peer bytes.
struct SyntaxError {
    std::size_t offset = 0;
    std::string_view expected;
};

class Cursor {
public:
    constexpr explicit Cursor(std::string_view input) : input_(input) {}

    constexpr bool at_end() const { return position_ == input_.size(); }
    constexpr std::size_t offset() const { return position_; }
    constexpr std::string_view rest() const { return input_.substr(position_); }

    // The next byte, or '\0' at the end; test at_end() where NUL is legal.
    constexpr char peek() const { return at_end() ? '\0' : input_[position_]; }
    constexpr bool next_is(char c) const { return !at_end() && input_[position_] == c; }

    constexpr bool take(char c) {
        if (!next_is(c)) return false;
        ++position_;
        return true;
    }
    constexpr bool take(std::string_view literal) {
        if (!rest().starts_with(literal)) return false;
        position_ += literal.size();
        return true;
    }
    // ASCII case is ignored.
    bool take_icase(std::string_view literal);

    // The longest run of bytes for which `accept(char)` holds, possibly empty.
    template <class Accept> constexpr std::string_view take_while(Accept accept) {
        const auto begin = position_;
        while (!at_end() && accept(input_[position_])) ++position_;
        return input_.substr(begin, position_ - begin);
    }
    // Exactly `count` bytes, or as many as there are.
    constexpr std::string_view take_bytes(std::size_t count) {
        const auto piece = input_.substr(position_, count);
        position_ += piece.size();
        return piece;
    }

    // 1*DIGIT up to `limit`; nothing is taken when there is no digit, or the value is greater.
    Result<std::uint64_t, SyntaxError> take_number(std::uint64_t limit);

    std::unexpected<SyntaxError> expected(std::string_view what) const {
        return std::unexpected(SyntaxError{position_, what});
    }

private:
    std::string_view input_;
    std::size_t position_ = 0;
};

} // namespace maild
