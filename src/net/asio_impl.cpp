// Asio's non-template parts, compiled here once for all of Maild (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
