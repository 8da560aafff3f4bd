#pragma once
// Messages for servers that know no octets above 127: without 8BITMIME (RFC 6152 §3) the parts that
// have some go in quoted-printable or base64 (RFC 2045 §6), and header sections as surrogates in
// ASCII (mail/downgrade.hpp); without SMTPUTF8 (RFC 6531) alone, just the header sections. In
// pieces: one walk finds out what has to change, a second one changes it. What was signed over the
// 8-bit form does not verify afterwards.

#include "relay/mime_walker.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::relay {

class EightBitScan final : public MimeWalker {
public:
    bool has_8bit() const { return has_8bit_; }
    // Why no encoding can hide it; empty: one can.
    const std::string& obstacle() const { return fault().empty() ? obstacle_ : fault(); }
    // By the number of the entity: its body has octets above 127.
    const std::vector<bool>& bodies() const { return bodies_; }

private:
    void on_header(std::string_view header, const Entity& entity) override;
    void on_text(std::string_view text, std::string_view line_end, const Entity& entity) override;
    void on_boundary(std::string_view line) override;

    bool has_8bit_ = false;
    std::string obstacle_;
    std::vector<bool> bodies_;
};

class SevenBitConverter final : public MimeWalker {
public:
    // `bodies` of a scan of the same message; empty: header sections alone change. Appends to
    // `out`, which outlives it.
    SevenBitConverter(std::vector<bool> bodies, std::string& out)
        : changes_bodies_(!bodies.empty()), bodies_(std::move(bodies)), out_(out) {}

private:
    enum class Coding { none, quoted_printable, base64 };

    void on_header(std::string_view header, const Entity& entity) override;
    void on_text(std::string_view text, std::string_view line_end, const Entity& entity) override;
    void on_boundary(std::string_view line) override;
    void on_end() override;

    bool must_encode(const Entity& entity) const;
    void put_quoted_printable(std::string_view text, bool ends_line);
    void put_base64(std::string_view octets);
    void end_body();

    bool changes_bodies_;
    std::vector<bool> bodies_;
    std::string& out_;
    Coding coding_ = Coding::none;
    std::size_t column_ = 0; // of the line in quoted-printable
    std::string group_;      // octets that do not fill a line of base64 yet
    // The line end before a boundary is the boundary's: held back until it is known what follows.
    bool owes_line_end_ = false;
};

} // namespace maild::relay
