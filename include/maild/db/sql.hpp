#pragma once
// The text of a statement, which can only be a constant of the program: whatever varies is bound,
// so SQL that is built from strings does not compile. A list of values is bound as one JSON text
// and read with json_each(?).

#include <string_view>

namespace maild::db {

class Sql {
public:
    consteval Sql(const char* text)
        : text_(text) {} // NOLINT(google-explicit-constructor): reads as the text itself
    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_; // NUL-terminated, lives as long as the program
};

// Marks bytes as a BLOB where a plain std::string_view would be TEXT.
struct Blob {
    std::string_view bytes;
};

} // namespace maild::db
