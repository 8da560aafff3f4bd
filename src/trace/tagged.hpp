#pragma once
// Fields with numbers, so that a later version may add some: what a reader does not know it passes
// over, and what is not there keeps its default. A field is a varint (LEB128) of its tag * 2 +
// kind, then for kind 0 a varint, for kind 1 a length and so many octets. Tags ascend; those of a
// list repeat. One function `fields(codec, value)` for each type serves both directions.

#include "maild/trace/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace maild::trace {

class TagWriter {
public:
    explicit TagWriter(std::string& out) : out_(out) {}

    template <class Number> void number(unsigned tag, const Number& value) {
        const auto plain = static_cast<std::uint64_t>(value);
        if (plain == 0 || plain > INT64_MAX) return; // readers take 63 bits
        varint(tag * 2U);
        varint(plain);
    }
    void time(unsigned tag, const WallTime& value) {
        number(tag, value.time_since_epoch().count());
    }
    void text(unsigned tag, const std::string& value, std::size_t limit) {
        if (value.empty()) return;
        const auto kept = clipped(value, limit);
        varint(tag * 2U + 1);
        varint(kept.size());
        out_ += kept;
    }
    template <class T> void list(unsigned tag, const std::vector<T>& values, std::size_t limit) {
        for (std::size_t i = 0; i < values.size() && i < limit; ++i) nested(tag, values[i]);
    }
    template <class T> void optional(unsigned tag, const std::optional<T>& value) {
        if (value) nested(tag, *value);
    }
    template <class T> void nested(unsigned tag, const T& value) {
        varint(tag * 2U + 1);
        const auto at = out_.size();
        out_.append(kPadded, '\0');
        fields(*this, const_cast<T&>(value)); // only read here
        auto size = out_.size() - at - kPadded;
        for (std::size_t i = 0; i < kPadded; ++i, size >>= 7U)
            out_[at + i] = static_cast<char>((size & 0x7fU) | (i + 1 < kPadded ? 0x80U : 0U));
    }
    std::size_t size() const { return out_.size(); }

private:
    static constexpr std::size_t kPadded = 3; // octets of a length that is known later

    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) out_ += static_cast<char>(value | 0x80U);
        out_ += static_cast<char>(value);
    }

    std::string& out_;
};

class TagReader {
public:
    explicit TagReader(std::string_view in) : rest_(in) { advance(); }

    template <class Number> void number(unsigned tag, Number& value) {
        if (seek(tag) && kind_ == 0) take_number(value);
    }
    void time(unsigned tag, WallTime& value) {
        std::int64_t count = 0;
        number(tag, count);
        value = WallTime(std::chrono::milliseconds(count));
    }
    void text(unsigned tag, std::string& value, std::size_t) {
        if (!seek(tag) || kind_ != 1) return;
        value = bytes_;
        advance();
    }
    template <class T> void list(unsigned tag, std::vector<T>& values, std::size_t limit) {
        while (seek(tag) && kind_ == 1) {
            T value{};
            TagReader inside(bytes_);
            fields(inside, value);
            if (!inside.finish()) return fail();
            if (values.size() < limit) values.push_back(std::move(value));
            advance();
        }
    }
    template <class T> void optional(unsigned tag, std::optional<T>& value) {
        std::vector<T> values;
        list(tag, values, 1);
        if (!values.empty()) value = std::move(values.front());
    }
    // Whether all of it was well formed, to its end.
    bool finish() {
        while (!at_end_) advance();
        return !failed_;
    }

private:
    // Whether the next field is this one; those below it are of another version.
    bool seek(unsigned tag) {
        while (!at_end_ && tag_ < tag) advance();
        return !at_end_ && tag_ == tag;
    }
    template <class Number> void take_number(Number& value) {
        if constexpr (std::is_enum_v<Number> || std::is_same_v<Number, bool>) {
            if (number_ > kMaxEnum<Number>) return fail();
        }
        value = static_cast<Number>(number_);
        advance();
    }
    template <class T> static constexpr std::uint64_t kMaxEnum = 1; // bool, Place::Kind
    void fail() {
        failed_ = true;
        at_end_ = true;
    }
    void advance();
    bool varint(std::uint64_t& value);

    std::string_view rest_;
    std::uint64_t tag_ = 0;
    unsigned kind_ = 0;
    std::uint64_t number_ = 0;
    std::string_view bytes_;
    bool at_end_ = false;
    bool failed_ = false;
};
template <>
inline constexpr std::uint64_t TagReader::kMaxEnum<Outcome> =
    static_cast<std::uint64_t>(Outcome::refused);

} // namespace maild::trace
