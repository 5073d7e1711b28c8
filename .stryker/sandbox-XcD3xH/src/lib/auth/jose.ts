/** What tokens need of jose: a file of its own (`jose.js`), loaded with the first one. */
export { jwtVerify } from 'jose/jwt/verify';
export { JOSEError, JWTClaimValidationFailed, JWTExpired } from 'jose/errors';
