# Warnings, hardening and sanitizers for every target of ours: one interface library, maild_options.
add_library(maild_options INTERFACE)
target_compile_options(maild_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror)
target_compile_definitions(maild_options INTERFACE _GLIBCXX_ASSERTIONS MAILD_VERSION="${PROJECT_VERSION}")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees phantom null dereferences and overflows when it inlines std::string and coroutine frames at -O2.
  target_compile_options(maild_options INTERFACE
    -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized -Wno-dangling-pointer
    -Wno-tsan) # Asio has fences, which ThreadSanitizer does not know; its queues have locks beside them
else()
  # stable_sort of GCC's library uses what C++17 has deprecated.
  target_compile_options(maild_options INTERFACE -Wno-deprecated-declarations)
endif()

if(MAILD_SANITIZE OR MAILD_FUZZ)
  set(sanitizers ${MAILD_SANITIZE})
  if(MAILD_FUZZ)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      message(FATAL_ERROR "MAILD_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++-19")
    endif()
    string(JOIN "," sanitizers ${sanitizers} fuzzer-no-link)
  endif()
  target_compile_options(maild_options INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(maild_options INTERFACE -fsanitize=${sanitizers})
else()
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(maild_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
  target_compile_options(maild_options INTERFACE
    -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(maild_options INTERFACE -fzero-call-used-regs=used-gpr)
  endif()
  target_link_options(maild_options INTERFACE
    -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
endif()

find_program(MAILD_LLD ld.lld)
if(MAILD_LLD)
  target_link_options(maild_options INTERFACE -fuse-ld=lld)
endif()
