#include "maild/base/cursor.hpp"

#include "maild/base/ascii.hpp"

namespace maild {

bool Cursor::take_icase(std::string_view literal) {
    if (!ascii::starts_with_icase(rest(), literal)) return false;
    position_ += literal.size();
    return true;
}

Result<std::uint64_t, SyntaxError> Cursor::take_number(std::uint64_t limit) {
    auto position = position_;
    std::uint64_t value = 0;
    while (position < input_.size() && ascii::is_digit(input_[position])) {
        const auto digit = static_cast<std::uint64_t>(input_[position] - '0');
        if (digit > limit || value > (limit - digit) / 10) return expected("smaller number");
        value = value * 10 + digit;
        ++position;
    }
    if (position == position_) return expected("number");
    position_ = position;
    return value;
}

} // namespace maild
