#include "bench/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> allocation_count;
std::atomic<std::uint64_t> allocation_bytes;

void* counted(std::size_t size, std::size_t alignment) {
    allocation_count.fetch_add(1, std::memory_order_relaxed);
    allocation_bytes.fetch_add(size, std::memory_order_relaxed);
    // aligned_alloc() wants a multiple of the alignment.
    const auto rounded = (size + alignment - 1) / alignment * alignment;
    void* memory = alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                       ? std::malloc(size == 0 ? 1 : size)
                       : std::aligned_alloc(alignment, rounded);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

} // namespace

namespace maild::bench {

Allocations allocations_so_far() {
    return {allocation_count.load(std::memory_order_relaxed),
            allocation_bytes.load(std::memory_order_relaxed)};
}

} // namespace maild::bench

// The forms for arrays and without exceptions call these (C++ [new.delete]).
void* operator new(std::size_t size) { return counted(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
