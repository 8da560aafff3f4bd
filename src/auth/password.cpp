#include "maild/auth/password.hpp"

#include "auth/digest.hpp"
#include "auth/password_hash.hpp"

#include "maild/base/utf8.hpp"

#include <argon2.h>

#include <array>
#include <crypt.h>
#include <cstddef>
#include <cstring>
#include <memory>

namespace maild::auth {
namespace {

constexpr std::size_t kSaltLength = 16; // RFC 9106 §3.1
constexpr std::size_t kTagLength = 32;

bool verify_crypt(const std::string& password, const std::string& hash) {
    const auto work = std::make_unique<crypt_data>(); // 32 KiB: not for a stack
    const char* got = crypt_r(password.c_str(), hash.c_str(), work.get());
    return got != nullptr && equal_in_constant_time(got, hash);
}

bool is_possible_password(std::string_view password) {
    return !password.empty() && password.size() <= kMaxPassword && !password.contains('\0');
}

} // namespace

Result<void> check_new_password(std::string_view password) {
    if (password.empty()) return fail(Errc::invalid_argument, "the password is empty");
    if (password.size() > kMaxPassword)
        return fail(Errc::invalid_argument, "the password is longer than 1024 octets");
    if (password.contains('\0') || !is_utf8(password))
        return fail(Errc::invalid_argument, "the password is not text in UTF-8");
    return {};
}

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost,
                                  Random& random) {
    if (auto checked = check_new_password(password); !checked)
        return std::unexpected(std::move(checked.error()));
    std::array<std::byte, kSaltLength> salt;
    random.fill(salt);
    std::array<char, 256> encoded;
    const int status = argon2id_hash_encoded(
        cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(), salt.data(),
        salt.size(), kTagLength, encoded.data(), encoded.size());
    if (status == ARGON2_MEMORY_ALLOCATION_ERROR) return fail(Errc::no_space, "argon2: no memory");
    if (status != ARGON2_OK)
        return fail(Errc::internal, std::string("argon2: ") + argon2_error_message(status));
    return std::string(encoded.data());
}

bool verify_password(std::string_view password, std::string_view hash) {
    if (!is_possible_password(password)) return false;
    const auto parsed = parse_hash(hash);
    if (!parsed) return false;
    switch (parsed->scheme) {
    case Scheme::argon2id:
        return argon2id_verify(parsed->text.c_str(), password.data(), password.size()) == ARGON2_OK;
    case Scheme::argon2i:
        return argon2i_verify(parsed->text.c_str(), password.data(), password.size()) == ARGON2_OK;
    case Scheme::crypt: return verify_crypt(std::string(password), parsed->text);
    case Scheme::salted_digest:
        return equal_in_constant_time(
            digest_of(parsed->digest, std::string(password) + parsed->salt), parsed->expected);
    }
    return false;
}

bool is_outdated_hash(std::string_view hash) { return !hash.starts_with("$argon2id$"); }

} // namespace maild::auth
