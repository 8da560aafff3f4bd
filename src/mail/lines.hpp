#pragma once
// Lines of a content, each ended by LF or CRLF, the last one perhaps by the end. A bare CR is an
// ordinary octet.

#include <cstddef>
#include <cstring>
#include <string_view>

namespace maild::mail {

class LineScanner {
public:
    explicit LineScanner(std::string_view content, std::size_t begin = 0)
        : content_(content), end_(begin) {}

    // Moves to the next line; false at the end of the content.
    bool next() {
        if (end_ >= content_.size()) return false;
        begin_ = end_;
        feeds_before_ = feeds_;
        const auto* start = content_.data() + begin_;
        const auto* feed =
            static_cast<const char*>(std::memchr(start, '\n', content_.size() - begin_));
        const auto length =
            feed == nullptr ? content_.size() - begin_ : static_cast<std::size_t>(feed - start) + 1;
        end_ = begin_ + length;
        feeds_ += feed != nullptr ? 1 : 0;
        return true;
    }

    // Cheaper than text(): asked of every line.
    bool starts_with_dashes() const {
        return end_ - begin_ > 2 && content_[begin_] == '-' && content_[begin_ + 1] == '-';
    }

    std::size_t begin() const { return begin_; }
    std::size_t end() const { return end_; }                   // behind the line end
    std::size_t feeds() const { return feeds_; }               // LFs before end()
    std::size_t feeds_before() const { return feeds_before_; } // LFs before begin()

    // Without the line end.
    std::string_view text() const {
        auto line = content_.substr(begin_, end_ - begin_);
        if (line.ends_with('\n')) line.remove_suffix(1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

private:
    std::string_view content_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t feeds_ = 0;
    std::size_t feeds_before_ = 0;
};

} // namespace maild::mail
