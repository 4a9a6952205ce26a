using System.Runtime.Versioning;

// Sessions, /proc and file modes: Linux only, and the analyser should know.
[assembly: SupportedOSPlatform("linux")]
