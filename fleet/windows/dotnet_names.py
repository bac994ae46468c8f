"""Names of .NET that a real host has and the simulated one lacks: asked for, they are gaps."""

from fleet.windows import wmi_names

TYPES = """
adsi adsisearcher array bigint bool byte char cimclass ciminstance cimsession collections.arraylist
collections.hashtable console convert decimal diagnostics.eventlog diagnostics.process diagnostics.stopwatch double enum
environment globalization.cultureinfo guid int int64 io.directory io.directoryinfo io.driveinfo io.file io.fileinfo
io.path ipaddress mailaddress math net.dns net.servicepointmanager net.sockets.tcpclient net.webclient powershell
psmoduleinfo psprimitivedictionary regex runspace runspacefactory securestring security.principal.windowsidentity
string text.encoding text.regularexpressions.regex text.stringbuilder uri version wmi wmiclass wmisearcher
x500distinguishedname x509certificate xml
"""
"""Types without `System.` before them, in lower case."""
METHODS = {
    "System.String": "Clone CompareTo CopyTo Equals GetEnumerator GetHashCode GetTypeCode IndexOfAny Insert "
    "IsNormalized LastIndexOf LastIndexOfAny Normalize Remove ToCharArray ToLowerInvariant ToUpperInvariant",
    "System.DateTime": "Add CompareTo Equals GetDateTimeFormats GetHashCode GetTypeCode IsDaylightSavingTime Subtract "
    "ToBinary ToFileTime ToFileTimeUtc ToLocalTime ToLongDateString ToLongTimeString ToOADate ToShortDateString "
    "ToShortTimeString ToUniversalTime",
    "System.TimeSpan": "Add CompareTo Duration Equals GetHashCode Negate Subtract",
    "System.Collections.Hashtable": "Clear Clone Contains ContainsValue CopyTo Equals GetHashCode Remove",
    "System.Object[]": "Clear Clone CopyTo Equals GetEnumerator GetHashCode GetLength GetUpperBound GetValue IndexOf "
    "Initialize SetValue ForEach Where",
    "System.Management.Automation.ScriptBlock": "GetNewClosure Invoke InvokeReturnAsIs CheckRestrictedLanguage",
}
"""Type -> its methods, modelled or not."""
NUMBER = "CompareTo Equals GetHashCode GetTypeCode"
"""The methods of numbers and booleans."""
PROPERTIES = {
    "System.Diagnostics.Process": "BasePriority Container EnableRaisingEvents ExitCode ExitTime Handle HasExited "
    "MainModule MainWindowHandle MaxWorkingSet MinWorkingSet Modules NonpagedSystemMemorySize64 PagedMemorySize64 "
    "PagedSystemMemorySize64 PeakPagedMemorySize64 PeakVirtualMemorySize64 PeakWorkingSet64 PriorityBoostEnabled "
    "PrivilegedProcessorTime ProcessorAffinity SafeHandle Site StandardError StandardInput StandardOutput StartInfo "
    "SynchronizingObject TotalProcessorTime UserProcessorTime FileVersion Product ProductVersion Company Description "
    "HandleCount",
    "System.IO.FileInfo": "VersionInfo LinkType Target CreationTimeUtc LastAccessTimeUtc LastWriteTimeUtc",
    "System.IO.DirectoryInfo": "Root LinkType Target CreationTimeUtc LastAccessTimeUtc LastWriteTimeUtc",
    "Microsoft.PowerShell.Commands.ComputerInfo": "WindowsBuildLabEx WindowsEditionId WindowsInstallDateFromRegistry "
    "WindowsProductId WindowsRegisteredOrganization WindowsRegisteredOwner WindowsSystemRoot BiosBIOSVersion "
    "BiosCaption BiosManufacturer BiosName BiosReleaseDate BiosSeralNumber BiosSMBIOSBIOSVersion BiosFirmwareType "
    "BiosStatus BiosVersion CsAdminPasswordStatus CsAutomaticManagedPagefile CsBootupState CsCaption CsCurrentTimeZone "
    "CsDescription CsDomainRole CsHypervisorPresent CsNetworkAdapters CsPartOfDomain CsPCSystemType "
    "CsPhyicallyInstalledMemory "
    "CsPrimaryOwnerName CsRoles CsStatus CsSystemFamily CsSystemSKUNumber CsSystemType CsUserName CsWorkgroup OsType "
    "OsOperatingSystemSKU OsCSDVersion OsHotFixes OsBootDevice OsSystemDevice OsSystemDirectory OsSystemDrive "
    "OsWindowsDirectory OsCountryCode OsCurrentTimeZone OsLocaleID OsLocale OsCodeSet OsBuildType OsProductType "
    "OsRegisteredUser OsSerialNumber OsServicePackMajorVersion OsServicePackMinorVersion OsStatus OsSuites "
    "OsServerLevel OsMuiLanguages OsLanguage OsEncryptionLevel OsManufacturer OsMaxNumberOfProcesses "
    "OsMaxProcessMemorySize OsNumberOfLicensedUsers OsNumberOfUsers OsOrganization OsPagingFiles OsPrimary "
    "OsTotalVirtualMemorySize OsFreeVirtualMemory OsInUseVirtualMemory OsFreeSpaceInPagingFiles "
    "OsSizeStoredInPagingFiles "
    "OsHardwareAbstractionLayer KeyboardLayout LogonServer PowerPlatformRole HyperVisorPresent "
    "HyperVRequirementDataExecutionPreventionAvailable DeviceGuardSmartStatus",
    "Microsoft.PowerShell.Commands.LocalUser": "AccountExpires FullName LastLogon ObjectClass PasswordChangeableDate "
    "PasswordExpires PasswordLastSet PasswordRequired PrincipalSource SID UserMayChangePassword",
    "Microsoft.Win32.RegistryKey": "SubKeyCount View Handle",
    "System.Diagnostics.Eventing.Reader.EventLogRecord": "Version Qualifiers Task Opcode Keywords ProviderId ThreadId "
    "UserId ActivityId RelatedActivityId ContainerLog MatchedQueryIds Bookmark OpcodeDisplayName TaskDisplayName "
    "KeywordsDisplayNames",
}
"""Type -> properties that its objects lack here."""


def is_type(name: str) -> bool:
    """Whether .NET or PowerShell may have a type of this name."""
    lowered = name.lower().removesuffix("[]")
    return lowered in TYPES.split() or lowered.startswith(("system.", "microsoft."))


def has_method(type_: str, name: str) -> bool:
    known = METHODS.get(
        type_, NUMBER if type_ in ("System.Int32", "System.Int64", "System.Double", "System.Boolean") else ""
    )
    return name.lower() in known.lower().split()


def lacks_property(type_: str, name: str) -> bool:
    _, is_instance, class_name = type_.replace("\\", "/").rpartition("cimv2/")
    if is_instance:
        return wmi_names.lacks(class_name, name)
    return name.lower() in PROPERTIES.get(type_, "").lower().split()
