#pragma once
// Values to bytes and back, for messages between our own processes. One function for each message
// type, found by ADL, names its fields once and serves both directions:
//
//     struct Ping { std::uint32_t number; std::string text; };
//     template <class Codec> void describe(Codec& codec, Ping& ping) {
//         codec(ping.number, ping.text);
//     }
//
//     std::string bytes = ipc::encode(ping);
//     Result<Ping> back = ipc::decode<Ping>(bytes);
//
// Integers are little-endian and fixed in width; strings and vectors carry a 32-bit count. Decoding
// is total: every count is checked against the bytes that are left before anything is allocated,
// and all bytes must be used up. This is the boundary that holds when a worker falls, so treat each
// decoded value as hostile.

#include "maild/base/error.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace maild::ipc {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they stand in memory");

class Encoder {
public:
    template <class... Fields> void operator()(const Fields&... fields) { (put(fields), ...); }
    std::string take() {
        out_.resize(used_);
        return std::move(out_);
    }

private:
    // Where the next octets go. A function call for each number would cost more than the rest.
    char* room(std::size_t size) {
        if (out_.size() - used_ < size) grow(size);
        return out_.data() + std::exchange(used_, used_ + size);
    }
    // What is behind `used_` is never looked at.
    void grow(std::size_t size) {
        constexpr std::size_t kLeast = 256;
        out_.resize_and_overwrite(std::max({used_ + size, 2 * out_.size(), kLeast}),
                                  [](char*, std::size_t room) { return room; });
    }
    template <class Number>
        requires(std::is_arithmetic_v<Number> || std::is_enum_v<Number>)
    void put(Number value) {
        std::memcpy(room(sizeof value), &value, sizeof value);
    }
    void put(bool value) { *room(1) = static_cast<char>(value); }
    void put(std::string_view text) {
        put(static_cast<std::uint32_t>(text.size()));
        if (!text.empty()) std::memcpy(room(text.size()), text.data(), text.size());
    }
    void put(const std::string& text) { put(std::string_view(text)); }
    template <class Rep, class Period> void put(std::chrono::duration<Rep, Period> span) {
        put(static_cast<std::int64_t>(span.count()));
    }
    template <class Clock, class Duration> void put(std::chrono::time_point<Clock, Duration> time) {
        put(time.time_since_epoch());
    }
    template <class T> void put(const std::vector<T>& items) {
        put(static_cast<std::uint32_t>(items.size()));
        for (const auto& item : items) put(item);
    }
    template <class T> void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class A, class B> void put(const std::pair<A, B>& pair) {
        put(pair.first);
        put(pair.second);
    }
    template <class T> void put(const Result<T>& result) {
        put(result.has_value());
        if (!result)
            put(result.error());
        else if constexpr (!std::is_void_v<T>)
            put(*result);
    }
    void put(const Error& error) {
        put(error.code);
        put(std::string_view(error.internal));
    }
    template <class... Alternatives> void put(const std::variant<Alternatives...>& value) {
        put(static_cast<std::uint8_t>(value.index()));
        std::visit([&](const auto& alternative) { put(alternative); }, value);
    }
    template <class T>
        requires requires(T& value, Encoder& codec) { describe(codec, value); }
    void put(const T& value) {
        // One describe() serves both directions; the encoder only reads.
        describe(*this, const_cast<T&>(value));
    }
    template <class Tag, class Value, template <class, class> class Strong>
        requires requires(Strong<Tag, Value> id) {
            id.value;
            typename Strong<Tag, Value>::value_type;
        }
    void put(const Strong<Tag, Value>& id) {
        put(id.value);
    }

    std::string out_;
    std::size_t used_ = 0; // of it
};

class Decoder {
public:
    explicit Decoder(std::string_view in) : in_(in) {}

    template <class... Fields> void operator()(Fields&... fields) { (get(fields), ...); }
    bool failed() const { return failed_; }
    bool at_end() const { return in_.empty(); }

private:
    // Nothing is left then, so whatever is asked for next fails too.
    void fail_here() {
        failed_ = true;
        in_ = {};
    }
    std::string_view bytes(std::size_t count) {
        if (count > in_.size()) {
            fail_here();
            return {};
        }
        const std::string_view piece(in_.data(), count);
        in_.remove_prefix(count);
        return piece;
    }
    template <class Number>
        requires(std::is_arithmetic_v<Number> || std::is_enum_v<Number>)
    void get(Number& value) {
        if (sizeof value > in_.size()) return fail_here();
        std::memcpy(&value, in_.data(), sizeof value);
        in_.remove_prefix(sizeof value);
    }
    void get(bool& value) {
        std::uint8_t byte = 0;
        get(byte);
        if (byte > 1) fail_here();
        value = byte == 1;
    }
    void get(std::string& text) {
        std::uint32_t size = 0;
        get(size);
        if (size == 0) // of the strings of a message most are
            text.clear();
        else
            text = bytes(size);
    }
    void get(std::string_view& text) { // points into the input
        std::uint32_t size = 0;
        get(size);
        text = bytes(size);
    }
    template <class Rep, class Period> void get(std::chrono::duration<Rep, Period>& span) {
        std::int64_t count = 0;
        get(count);
        span = std::chrono::duration<Rep, Period>(static_cast<Rep>(count));
    }
    template <class Clock, class Duration>
    void get(std::chrono::time_point<Clock, Duration>& time) {
        Duration span{};
        get(span);
        time = std::chrono::time_point<Clock, Duration>(span);
    }
    template <class T> void get(std::vector<T>& items) {
        std::uint32_t count = 0;
        get(count);
        if (count > in_.size()) fail_here(); // each item takes at least one byte
        items.clear();
        // No more memory than the message has taken itself, whatever it says.
        items.reserve(std::min<std::size_t>(count, in_.size() / sizeof(T)));
        for (std::uint32_t i = 0; i < count && !failed_; ++i) get(items.emplace_back());
    }
    template <class T> void get(std::optional<T>& value) {
        bool present = false;
        get(present);
        value.reset();
        if (present && !failed_) get(value.emplace());
    }
    template <class A, class B> void get(std::pair<A, B>& pair) {
        get(pair.first);
        get(pair.second);
    }
    template <class T> void get(Result<T>& result) {
        bool ok = false;
        get(ok);
        if (!ok) {
            Error error;
            get(error);
            result = std::unexpected(std::move(error));
        } else if constexpr (std::is_void_v<T>) {
            result = {};
        } else {
            T value{};
            get(value);
            result = std::move(value);
        }
    }
    void get(Error& error) {
        get(error.code);
        get(error.internal);
        if (error.code > Errc::internal) fail_here();
    }
    template <class... Alternatives> void get(std::variant<Alternatives...>& value) {
        std::uint8_t index = 0;
        get(index);
        if (index >= sizeof...(Alternatives)) fail_here();
        if (!failed_) get_alternative<0>(value, index);
    }
    template <std::size_t I, class... Alternatives>
    void get_alternative(std::variant<Alternatives...>& value, std::size_t index) {
        if (index == I)
            get(value.template emplace<I>());
        else if constexpr (I + 1 < sizeof...(Alternatives))
            get_alternative<I + 1>(value, index);
    }
    template <class T>
        requires requires(T& value, Decoder& codec) { describe(codec, value); }
    void get(T& value) {
        describe(*this, value);
    }
    template <class Tag, class Value, template <class, class> class Strong>
        requires requires(Strong<Tag, Value> id) {
            id.value;
            typename Strong<Tag, Value>::value_type;
        }
    void get(Strong<Tag, Value>& id) {
        get(id.value);
    }

    std::string_view in_;
    bool failed_ = false;
};

template <class T> std::string encode(const T& value) {
    Encoder encoder;
    encoder(value);
    return encoder.take();
}

template <class T> Result<T> decode(std::string_view bytes) {
    Decoder decoder(bytes);
    T value{};
    decoder(value);
    if (decoder.failed() || !decoder.at_end())
        return fail(Errc::protocol_error, "malformed message");
    return value;
}

struct Nothing {}; // the body of requests and replies that have none
template <class Codec> void describe(Codec&, Nothing&) {}

} // namespace maild::ipc
