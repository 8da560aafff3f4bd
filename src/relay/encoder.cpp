#include "relay/encoder.hpp"

#include <algorithm>

namespace maild::relay {

void ContentEncoder::put(std::string_view piece, std::string& out) {
    while (!piece.empty()) {
        if (has_cr_) {
            end_line(out);
            if (piece.front() == '\n') piece.remove_prefix(1);
        }
        const auto end = std::min(piece.find_first_of("\r\n"), piece.size());
        put_run(piece.substr(0, end), out);
        piece.remove_prefix(end);
        if (piece.empty()) return;
        if (piece.front() == '\r')
            has_cr_ = true;
        else
            end_line(out);
        piece.remove_prefix(1);
    }
}

void ContentEncoder::finish(std::string& out) {
    if (has_cr_ || column_ > 0) end_line(out);
}

void ContentEncoder::end_line(std::string& out) {
    out += "\r\n";
    has_cr_ = false;
    column_ = 0;
}

void ContentEncoder::put_run(std::string_view run, std::string& out) {
    if (column_ == 0 && run.starts_with('.') && doubles_dots_) out += '.';
    while (!run.empty()) {
        if (column_ == kMaxContentLine) {
            out += "\r\n ";
            column_ = 1;
        }
        const auto piece = run.substr(0, kMaxContentLine - column_);
        out += piece;
        column_ += piece.size();
        run.remove_prefix(piece.size());
    }
}

} // namespace maild::relay
