// Of a response that claims to be a stream of events, which DLC does not send: the gateway takes it for no response.
exports.SSEResponseModel = function SSEResponseModel() {};
