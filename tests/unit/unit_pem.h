/* A certificate to trust where a test needs one that can be read. Nobody has its key. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_PEM_H
#define FETCHPOOL_TESTS_UNIT_UNIT_PEM_H

#define UNIT_PEM                                                                                                       \
    "-----BEGIN CERTIFICATE-----\n"                                                                                    \
    "MIIBkzCCATmgAwIBAgIUUfry9hPZxQ79JGb38YiX7QFHpeswCgYIKoZIzj0EAwIw\n"                                               \
    "HzEdMBsGA1UEAwwUZmV0Y2hwb29sIHVuaXQgdGVzdHMwHhcNMjYxMTIyMTYyOTU2\n"                                               \
    "WhcNMzYxMTE5MTYyOTU2WjAfMR0wGwYDVQQDDBRmZXRjaHBvb2wgdW5pdCB0ZXN0\n"                                               \
    "czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEPhOG+co1Q5ovMBVIfa/SNlSdte\n"                                               \
    "dn79IdXhjofA9JDlv4CnQ7OEqE2+bggheoYaDn/hGgeGR7+S89bUJpSyK66jUzBR\n"                                               \
    "MB0GA1UdDgQWBBQ8C2TNn+xI77mdl3g2WEhWGTns8zAfBgNVHSMEGDAWgBQ8C2TN\n"                                               \
    "n+xI77mdl3g2WEhWGTns8zAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gA\n"                                               \
    "MEUCIQDQndY1IvaPuRJTmdzklsdId2z8j4fq7u5NGjKOHOctxgIge/Y0qLcfjIcR\n"                                               \
    "AMzeZL28sUYNqrBQibSPnQRXMNOrAao=\n"                                                                               \
    "-----END CERTIFICATE-----\n"

#endif
