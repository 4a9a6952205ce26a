namespace Phoenix.Telemetry;

/// <summary>State that was kept on disk cannot be used; the message says what is wrong with it.</summary>
public sealed class StateFormatException(string message) : Exception(message);
