#include "report/xml.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/text.hpp"
#include "maild/report/aggregate.hpp"

#include <expat.h>
#include <memory>
#include <new>
#include <vector>

namespace maild::report {
namespace {

constexpr bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// A text in pieces, white space as one space, cut at a character's border.
class Text {
public:
    void add(std::string_view piece) {
        for (const char c : piece) {
            if (is_white(c)) {
                is_apart_ = !text_.empty();
                continue;
            }
            if (text_.size() + 1 >= kMaxText) {
                is_cut_ = true;
                return;
            }
            if (is_apart_) text_ += ' ';
            is_apart_ = false;
            text_ += c;
        }
    }
    std::string take() {
        if (is_cut_) cut();
        auto out = std::move(text_);
        clear();
        return out;
    }
    void clear() {
        text_.clear();
        is_apart_ = false;
        is_cut_ = false;
    }

private:
    // Without a character that is not whole.
    void cut() {
        while (!text_.empty() && (static_cast<unsigned char>(text_.back()) & 0xc0) == 0x80)
            text_.pop_back();
        if (!text_.empty()) text_.pop_back();
        while (!text_.empty() && text_.back() == ' ') text_.pop_back();
    }

    std::string text_;
    bool is_apart_ = false;
    bool is_cut_ = false;
};

std::string local_name(std::string_view name) {
    return ascii::to_lower(name.substr(name.rfind(':') + 1).substr(0, kMaxName));
}

// Allocation apart nothing throws below expat's callbacks, and memory that is out ends the process
// there: they are noexcept, because C does not unwind.
class Reading {
public:
    explicit Reading(XmlEvents& events) : events_(events), parser_(::XML_ParserCreate("UTF-8")) {
        if (parser_ == nullptr) throw std::bad_alloc();
        ::XML_SetUserData(parser_.get(), this);
        ::XML_SetElementHandler(parser_.get(), on_open, on_close);
        ::XML_SetCharacterDataHandler(parser_.get(), on_text);
        ::XML_SetStartDoctypeDeclHandler(parser_.get(), on_doctype);
    }

    Result<void> run(std::string_view utf8) {
        const auto status =
            ::XML_Parse(parser_.get(), utf8.data(), static_cast<int>(utf8.size()), XML_TRUE);
        if (is_over_) return {};
        if (is_too_much_) return fail(Errc::too_large, "the XML is too deep or too long");
        if (has_doctype_) return fail(Errc::protocol_error, "XML with a DTD is not read");
        if (status == XML_STATUS_OK) return {};
        return fail(Errc::protocol_error,
                    "XML, line " + std::to_string(::XML_GetCurrentLineNumber(parser_.get())) +
                        ": " + ::XML_ErrorString(::XML_GetErrorCode(parser_.get())));
    }

private:
    struct Free {
        void operator()(XML_ParserStruct* parser) const { ::XML_ParserFree(parser); }
    };

    static Reading& self(void* user) { return *static_cast<Reading*>(user); }
    static void on_open(void* user, const char* name, const char**) noexcept {
        self(user).open(name);
    }
    static void on_close(void* user, const char*) noexcept { self(user).close(); }
    static void on_text(void* user, const char* text, int size) noexcept {
        self(user).text_.add({text, static_cast<std::size_t>(size)});
    }
    static void on_doctype(void* user, const char*, const char*, const char*, int) noexcept {
        self(user).has_doctype_ = true;
        self(user).stop();
    }

    void stop() {
        is_stopped_ = true; // expat may call once more, for an empty element's end
        ::XML_StopParser(parser_.get(), XML_FALSE);
    }
    void open(std::string_view name) {
        if (is_stopped_) return;
        text_.clear();
        begins_.push_back(path_.size());
        if (!path_.empty()) path_ += '/';
        path_ += local_name(name);
        if (begins_.size() <= kMaxDepth && events_.open(path_)) return;
        is_too_much_ = true;
        stop();
    }
    void close() {
        if (is_stopped_) return;
        events_.close(path_, text_.take());
        path_.resize(begins_.back());
        begins_.pop_back();
        is_over_ = begins_.empty();
        if (is_over_) stop();
    }

    XmlEvents& events_;
    std::unique_ptr<XML_ParserStruct, Free> parser_;
    std::string path_;
    std::vector<std::size_t> begins_; // of the elements that are open, in path_
    Text text_;
    bool is_stopped_ = false;
    bool is_over_ = false;
    bool is_too_much_ = false;
    bool has_doctype_ = false;
};

// encoding="…" of the declaration, empty without one.
std::string_view declared_charset(std::string_view document) {
    if (!document.starts_with("<?xml")) return {};
    const auto declaration = document.substr(0, document.find("?>"));
    const auto at = declaration.find("encoding");
    if (at == declaration.npos) return {};
    auto value = declaration.substr(at);
    value.remove_prefix(std::min(value.find_first_of("\"'"), value.size()));
    if (value.empty()) return {};
    const char quote = value.front();
    value.remove_prefix(1);
    return value.substr(0, value.find(quote));
}

} // namespace

Result<void> read_xml(std::string_view document, XmlEvents& events) {
    if (document.size() > kMaxReport) return fail(Errc::too_large, "the XML is too long");
    if (document.starts_with("\xff\xfe") || document.starts_with("\xfe\xff")) {
        const auto utf8 = mail::to_utf8(document, "UTF-16");
        if (utf8.starts_with("<")) return read_xml(utf8, events);
    }
    if (document.starts_with("\xef\xbb\xbf")) document.remove_prefix(3);
    // A declaration has to be the first (XML §2.8), and with some senders an empty line is.
    while (!document.empty() && is_white(document.front())) document.remove_prefix(1);
    Reading reading(events);
    if (is_utf8(document)) return reading.run(document);
    const auto utf8 = mail::to_utf8(document, declared_charset(document));
    if (utf8.size() > kMaxReport) return fail(Errc::too_large, "the XML is too long");
    return reading.run(utf8);
}

std::string xml_text(std::string_view text) {
    constexpr std::string_view kReplacement = "\xef\xbf\xbd";
    const auto utf8 = mail::to_utf8(text, "utf-8");
    std::string out;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto rest = std::string_view(utf8).substr(i);
        if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
            out += kReplacement; // U+FFFE and U+FFFF are no Char (XML §2.2)
            i += 2;
        } else if (static_cast<unsigned char>(utf8[i]) < ' ') {
            out += ' ';
        } else if (utf8[i] == '&') {
            out += "&amp;";
        } else if (utf8[i] == '<') {
            out += "&lt;";
        } else if (utf8[i] == '>') {
            out += "&gt;";
        } else {
            out += utf8[i];
        }
    }
    return out;
}

} // namespace maild::report
