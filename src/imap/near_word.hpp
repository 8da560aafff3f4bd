#pragma once
// Words that are nearly the same (RFC 6203 §3): one letter is missing, too many, wrong, or has
// changed places with its neighbour. Both sides are folded UTF-8 (mail::collation_key). A word is a
// run of ASCII letters and digits and of whatever is not ASCII. Short words have none that are
// near: of less than four letters; below eight the first three letters have to be right, so that an
// index of three octets narrows each search. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

// The words of a text, in order; views into it.
std::vector<std::string_view> words_of(std::string_view text);

// Whether the two words are the same, or near.
bool is_near(std::string_view a, std::string_view word);

// Of a word that is near to `word`, one of these is a part; none: only the word itself is near.
std::vector<std::string_view> certain_parts(std::string_view word);

// Looks for a near word in a text that comes in pieces, which end between letters.
class NearFinder {
public:
    explicit NearFinder(std::string_view word) : word_(word) {} // outlives it

    void update(std::string_view text);
    void finish(); // the text ends here
    bool found() const { return found_; }

private:
    std::string_view word_;
    std::string begun_; // the word that the text ended in; no more of it than can be near
    bool found_ = false;
};

bool has_near(std::string_view text, std::string_view word);

} // namespace maild::imap
