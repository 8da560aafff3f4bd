#pragma once
// A message in pieces, taken apart into header sections, lines of bodies and boundaries (RFC 2046
// §5.1), with memory for one header section and one line alone: what mail::parse_message() does
// with a message in memory, as far as a change of transfer encodings needs it. Octets come out in
// their order, all of them. Beyond a limit, fault() says why nothing more comes.

#include "maild/mail/header.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maild::relay {

class MimeWalker {
public:
    virtual ~MimeWalker() = default;

    void put(std::string_view piece);
    void finish();
    // For people; empty: none.
    const std::string& fault() const { return fault_; }

protected:
    struct Entity {
        bool is_root = false; // a message's own: the whole, or one inside
        bool is_leaf = true;
        bool is_identity = true;  // neither base64 nor quoted-printable nor unknown
        bool is_labelled = false; // 8bit or binary
        bool is_text = true;      // type text
        std::size_t number = 0;   // of the header section, from 0
    };
    // A header section with its empty line, if it has one.
    virtual void on_header(std::string_view header, const Entity& entity) = 0;
    // Of a leaf's body, or between parts where `entity` is no leaf: a line, or the piece of a long
    // one, without its end; `line_end` is empty, LF or CRLF.
    virtual void on_text(std::string_view text, std::string_view line_end,
                         const Entity& entity) = 0;
    virtual void on_boundary(std::string_view line) = 0;
    virtual void on_end() {}

    void set_fault(std::string fault) {
        if (fault_.empty()) fault_ = std::move(fault);
    }

private:
    static constexpr std::size_t kMaxLine = 16 * 1024; // a boundary is shorter
    static constexpr std::size_t kMaxHeader = mail::kMaxHeaderSection;

    void take_line(std::string_view line);
    bool take_boundary(std::string_view text);
    void take_header_line(std::string_view text, std::string_view whole);
    void end_header();
    void begin_entity(bool is_root);

    std::string line_; // what there is of it
    std::string header_;
    std::vector<std::string> boundaries_; // the innermost last
    Entity entity_{.is_root = true};
    std::size_t entities_ = 0;
    bool is_in_header_ = true;
    bool is_line_begun_ = false; // a piece of this line has gone
    std::string fault_;
};

} // namespace maild::relay
