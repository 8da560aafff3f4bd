#include "maild/mail/mime.hpp"

#include "mail/content_fields.hpp"
#include "mail/envelope.hpp"
#include "mail/lines.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maild::mail {
namespace {

// A part whose end has not been seen yet.
struct Open {
    Part* part = nullptr;
    std::size_t feeds = 0;  // LFs before its body
    std::string boundary{}; // of a multipart; otherwise empty
    bool is_closed = false; // its close-delimiter was seen
};

struct Delimiter {
    std::size_t index; // in open_: the multipart that it belongs to
    bool is_close;
};

// Walks over the lines once. open_ is the path from the root to the part that the next line belongs
// to; its pointers are good because only the last of a part's children can be open.
class StructureParser {
public:
    explicit StructureParser(std::string_view content) : content_(content), lines_(content) {}

    Message parse() {
        Message message;
        message.envelope = read_entity(message.root);
        while (lines_.next()) {
            if (const auto delimiter = find_delimiter()) take_delimiter(*delimiter);
        }
        close_down_to(0, content_.size(), lines_.feeds());
        return message;
    }

private:
    // Header and kind of the entity that begins here, and of the message inside it, if it is one.
    Envelope read_entity(Part& root) {
        Envelope envelope = read_header(root);
        for (auto* part = &root; part->kind == PartKind::message; part = &part->children.front()) {
            auto& embedded = part->children.emplace_back();
            part->envelope = std::make_unique<Envelope>(read_header(embedded));
        }
        return envelope;
    }

    Envelope read_header(Part& part) {
        part.header_begin = lines_.end();
        part.body_begin = skip_header();
        const auto section =
            parse_header(content_.substr(part.header_begin, part.body_begin - part.header_begin));
        read_content_fields(section, part, parameters_);
        ++count_;
        open_.push_back({&part, lines_.feeds()});
        decide_kind(part);
        const bool is_message =
            open_.size() == 1 || open_[open_.size() - 2].part->kind == PartKind::message;
        return is_message ? read_envelope(section, addresses_) : Envelope{};
    }

    // To behind the empty line; a delimiter ends a header too, though there should be an empty line
    // before it.
    std::size_t skip_header() {
        while (true) {
            const auto before = lines_;
            if (!lines_.next()) return content_.size();
            if (lines_.text().empty()) return lines_.end();
            if (find_delimiter()) {
                lines_ = before;
                return lines_.end();
            }
        }
    }

    // Called with `part` at the end of open_.
    void decide_kind(Part& part) {
        const bool is_full = open_.size() >= kMaxMimeDepth || count_ >= kMaxMimeParts;
        if (part.type == "multipart") {
            auto boundary = boundary_of(part);
            if (boundary.empty()) return become_leaf(part, "text", "plain");
            if (is_full) return become_leaf(part, "application", "octet-stream");
            part.kind = PartKind::multipart;
            open_.back().boundary = std::move(boundary);
        } else if (part.type == "message" &&
                   (part.subtype == "rfc822" || part.subtype == "global")) { // RFC 6532 §3.7
            if (is_full) return become_leaf(part, "application", "octet-stream");
            part.kind = PartKind::message;
        }
    }

    static void become_leaf(Part& part, std::string_view type, std::string_view subtype) {
        part.kind = PartKind::leaf;
        part.type = type;
        part.subtype = subtype;
        part.parameters.clear();
    }

    // delimiter := "--" boundary. What follows on its line does not matter, RFC 2046 §5.1.1; so,
    // when "x" and "x-1" both fit, the longer one is meant, and of equal ones the innermost. A
    // boundary that was closed still hides shorter ones while its epilogue lasts, unless they fit
    // exactly: a second end of the inner "x-1" is no delimiter of "x".
    std::optional<Delimiter> find_delimiter() const {
        if (!lines_.starts_with_dashes()) return std::nullopt;
        auto line = lines_.text().substr(2);
        while (!line.empty() && ascii::is_space(line.back())) line.remove_suffix(1);
        const Open* best = nullptr;
        std::size_t hidden = 0;
        for (const auto& open : open_) {
            if (open.boundary.empty() || !line.starts_with(open.boundary)) continue;
            const auto size = open.boundary.size();
            if (open.is_closed)
                hidden = std::max(hidden, size);
            else if (best == nullptr || size >= best->boundary.size())
                best = &open;
        }
        if (best == nullptr) return std::nullopt;
        const auto rest = line.substr(best->boundary.size());
        if (hidden > best->boundary.size() && !rest.empty() && rest != "--") return std::nullopt;
        return Delimiter{static_cast<std::size_t>(best - open_.data()), rest.starts_with("--")};
    }

    void take_delimiter(Delimiter delimiter) {
        if (!delimiter.is_close && count_ >= kMaxMimeParts) {
            for (auto& open : open_) open.boundary.clear(); // the open part reaches to the end
            return;
        }
        // The line end before the delimiter belongs to it, RFC 2046 §5.1.1.
        auto end = lines_.begin() - 1;
        if (end > 0 && content_[end - 1] == '\r') --end;
        close_down_to(delimiter.index + 1, end, lines_.feeds_before() - 1);
        if (delimiter.is_close) {
            open_[delimiter.index].is_closed = true; // what follows is its epilogue
            return;
        }
        auto& multipart = *open_[delimiter.index].part;
        auto& part = multipart.children.emplace_back();
        if (multipart.subtype == "digest") { // RFC 2046 §5.1.5
            part.type = "message";
            part.subtype = "rfc822";
        }
        read_entity(part);
    }

    // Ends all parts from open_[depth] on at `end`, before which there are `feeds` LFs.
    void close_down_to(std::size_t depth, std::size_t end, std::size_t feeds) {
        if (open_.size() <= depth) return;
        const auto& innermost = open_.back();
        if (end < innermost.part->body_begin) { // an empty body, whose line end was the header's
            end = innermost.part->body_begin;
            feeds = innermost.feeds;
        }
        while (open_.size() > depth) {
            auto& part = *open_.back().part;
            part.body_end = end;
            part.lines = feeds - open_.back().feeds;
            if (end > part.body_begin && content_[end - 1] != '\n') ++part.lines;
            if (part.kind == PartKind::multipart && part.children.empty()) {
                become_leaf(part, "text", "plain"); // there is no delimiter in it
            }
            open_.pop_back();
        }
    }

    std::string_view content_;
    LineScanner lines_;
    std::vector<Open> open_;
    std::size_t count_ = 0;
    std::size_t addresses_ = kMaxMessageAddresses;
    std::size_t parameters_ = kMaxMessageParameters;
};

} // namespace

Message parse_message(std::string_view content) { return StructureParser(content).parse(); }

} // namespace maild::mail
