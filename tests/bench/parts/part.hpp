#pragma once
// The hot pure parts of the daemon, each with an input as mail has it. One list serves two
// programs: `micro` measures time and allocations (Google Benchmark), `parts` is run by valgrind,
// which counts instructions (instructions.py).

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::bench {

struct Part {
    std::string name;          // module/what
    std::size_t bytes;         // of the input, or of the output where it writes
    std::function<void()> run; // does it once; keeps nothing from one run to the next
};

// The compiler must take `value` for used.
template <class T> void keep(const T& value) { asm volatile("" : : "g"(&value) : "memory"); }

// `text` again and again until there are at least `size` octets.
std::string filled(std::string_view text, std::size_t size);
// A message of about `size` octets: a header as mail has it, text/plain or with an attachment in
// base64.
std::string plain_message(std::size_t size);
std::string message_with_attachment(std::size_t size);

std::vector<Part> smtp_parts();
std::vector<Part> imap_parts();
std::vector<Part> imap_search_parts();
std::vector<Part> mail_parts();
std::vector<Part> ipc_parts();
std::vector<Part> policy_parts();
std::vector<Part> all_parts();

} // namespace maild::bench
