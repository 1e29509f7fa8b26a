// libcurl's functions, as the few parts that speak HTTP call them.
#include <curl/curl.h>

#include <cstdarg>

#include "base/library_on_demand.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo

namespace wobackup {
namespace {

constinit LibraryOnDemand curl("libcurl.so.4", "libcurl4");

}  // namespace

// Newer versions take a const handle where older ones do not.
template <class Function>
struct FirstOf;
template <class Result, class First, class... Rest>
struct FirstOf<Result(First, Rest...)> {
  using type = First;
};
using UrlHandle = FirstOf<decltype(curl_url_get)>::type;

}  // namespace wobackup

#define WOBACKUP_CURL(result, name, parameters, arguments) \
  WOBACKUP_ON_DEMAND(wobackup::curl, result, name, parameters, arguments)

extern "C" {

WOBACKUP_CURL(CURLcode, curl_global_init, (long flags), (flags))
WOBACKUP_CURL(CURL*, curl_easy_init, (), ())
WOBACKUP_CURL(CURLcode, curl_easy_perform, (CURL * handle), (handle))
WOBACKUP_CURL(void, curl_easy_reset, (CURL * handle), (handle))
WOBACKUP_CURL(void, curl_easy_cleanup, (CURL * handle), (handle))
WOBACKUP_CURL(const char*, curl_easy_strerror, (CURLcode code), (code))
WOBACKUP_CURL(curl_slist*, curl_slist_append, (curl_slist * list, const char* text), (list, text))
WOBACKUP_CURL(void, curl_slist_free_all, (curl_slist * list), (list))
WOBACKUP_CURL(CURLU*, curl_url, (), ())
WOBACKUP_CURL(CURLUcode, curl_url_set, (CURLU * url, CURLUPart what, const char* part, unsigned int flags),
              (url, what, part, flags))
WOBACKUP_CURL(CURLUcode, curl_url_get, (wobackup::UrlHandle url, CURLUPart what, char** part, unsigned int flags),
              (url, what, part, flags))
WOBACKUP_CURL(void, curl_url_cleanup, (CURLU * url), (url))
WOBACKUP_CURL(void, curl_free, (void* memory), (memory))
WOBACKUP_CURL(time_t, curl_getdate, (const char* text, const time_t* unused), (text, unused))

// All options take one argument of a word's size, and so do all that ask. The enumerations before it are libcurl's
// choice, and are as wide as what they are promoted to.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvarargs"
CURLcode curl_easy_setopt(CURL* handle, CURLoption option, ...) {
  va_list rest;
  va_start(rest, option);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  static auto* const real = wobackup::curl.function<decltype(curl_easy_setopt)>("curl_easy_setopt");
  return real(handle, option, value);
}
CURLcode curl_easy_getinfo(CURL* handle, CURLINFO info, ...) {
  va_list rest;
  va_start(rest, info);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  static auto* const real = wobackup::curl.function<decltype(curl_easy_getinfo)>("curl_easy_getinfo");
  return real(handle, info, value);
}
#pragma GCC diagnostic pop

}  // extern "C"
