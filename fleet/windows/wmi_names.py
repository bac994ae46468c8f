"""Classes of WMI and properties of them that a real host has and the simulated one lacks: asked for, they are gaps."""

CLASSES = """
CIM_DataFile CIM_Directory CIM_LogicalDisk CIM_Process CIM_Service Win32_Account Win32_BaseBoard Win32_Battery
Win32_BootConfiguration Win32_CacheMemory Win32_CDROMDrive Win32_ComputerSystemProduct Win32_CurrentTime
Win32_Desktop Win32_DesktopMonitor Win32_Directory Win32_DiskPartition Win32_DiskQuota Win32_Environment Win32_Fan
Win32_Group Win32_GroupUser Win32_IP4RouteTable Win32_Keyboard Win32_LoadOrderGroup Win32_LocalTime
Win32_LoggedOnUser Win32_LogicalDiskToPartition Win32_LogicalMemoryConfiguration Win32_LogonSession
Win32_MappedLogicalDisk Win32_MemoryDevice Win32_MountPoint Win32_NetworkAdapter Win32_NetworkConnection
Win32_NetworkLoginProfile Win32_NTDomain Win32_NTEventLogFile Win32_NTLogEvent Win32_OptionalFeature
Win32_OSRecoveryConfiguration Win32_PageFile Win32_PageFileSetting Win32_PerfFormattedData_PerfDisk_LogicalDisk
Win32_PerfFormattedData_PerfDisk_PhysicalDisk Win32_PerfFormattedData_PerfOS_Memory
Win32_PerfFormattedData_PerfOS_Processor Win32_PerfFormattedData_PerfOS_System
Win32_PerfFormattedData_PerfProc_Process Win32_PerfFormattedData_Tcpip_NetworkInterface
Win32_PerfRawData_PerfOS_Processor Win32_PhysicalMemoryArray Win32_PhysicalMedia Win32_PingStatus Win32_PnPEntity
Win32_PnPSignedDriver Win32_PointingDevice Win32_PowerPlan Win32_Printer Win32_PrinterDriver Win32_PrintJob
Win32_QuotaSetting Win32_Registry Win32_ReliabilityRecords Win32_ScheduledJob Win32_SCSIController
Win32_SecuritySetting Win32_ServerConnection Win32_ServerFeature Win32_ServerSession Win32_Session
Win32_ShadowCopy Win32_ShadowStorage Win32_Share Win32_ShareToDirectory Win32_SID Win32_SystemAccount
Win32_SystemDriver Win32_SystemEnclosure Win32_SystemProcesses Win32_SystemServices Win32_SystemSlot
Win32_TemperatureProbe Win32_Thread Win32_Trustee Win32_TSAccount Win32_UserAccount Win32_UserDesktop
Win32_UserProfile Win32_UTCTime Win32_VideoController Win32_WinSAT Win32_WindowsProductActivation
Win32_TerminalServiceSetting SoftwareLicensingProduct SoftwareLicensingService StdRegProv
"""
PROPERTIES = {
    "Win32_OperatingSystem": "BootDevice BuildType CodeSet CountryCode CSCreationClassName CSDVersion "
    "CreationClassName "
    "CurrentTimeZone DataExecutionPrevention_32BitApplications DataExecutionPrevention_Available "
    "DataExecutionPrevention_Drivers DataExecutionPrevention_SupportPolicy Debug Description Distributed "
    "EncryptionLevel ForegroundApplicationBoost FreeSpaceInPagingFiles LargeSystemCache Locale Manufacturer "
    "MaxNumberOfProcesses MaxProcessMemorySize MUILanguages Name NumberOfLicensedUsers OperatingSystemSKU OSLanguage "
    "OSProductSuite OSType OtherTypeDescription PAEEnabled PlusProductID PlusVersionNumber PortableOperatingSystem "
    "Primary ProductType ServicePackMajorVersion ServicePackMinorVersion SizeStoredInPagingFiles SuiteMask "
    "SystemDevice TotalSwapSpaceSize",
    "Win32_ComputerSystem": "AdminPasswordStatus AutomaticManagedPagefile AutomaticResetBootOption "
    "AutomaticResetCapability BootOptionOnLimit BootOptionOnWatchDog BootROMSupported BootStatus BootupState Caption "
    "ChassisBootupState ChassisSKUNumber CreationClassName CurrentTimeZone DaylightInEffect Description DNSHostName "
    "DomainRole EnableDaylightSavingsTime FrontPanelResetStatus HypervisorPresent InfraredSupported InitialLoadInfo "
    "InstallDate KeyboardPasswordStatus LastLoadInfo NameFormat NetworkServerModeEnabled OEMLogoBitmap OEMStringArray "
    "PauseAfterReset PCSystemType PCSystemTypeEx PowerManagementSupported PowerOnPasswordStatus PowerState "
    "PowerSupplyState PrimaryOwnerContact ResetCapability ResetCount ResetLimit Roles Status SupportContactDescription "
    "SystemFamily SystemSKUNumber SystemStartupDelay SystemStartupOptions ThermalState WakeUpType Workgroup",
    "Win32_Processor": "AddressWidth Architecture AssetTag Availability Characteristics CpuStatus CreationClassName "
    "CurrentVoltage DataWidth Description ExtClock Family InstallDate L2CacheSize L2CacheSpeed L3CacheSize "
    "L3CacheSpeed "
    "Level PartNumber ProcessorId ProcessorType Revision Role SecondLevelAddressTranslationExtensions SerialNumber "
    "StatusInfo Stepping SystemName ThreadCount UniqueId UpgradeMethod Version VirtualizationFirmwareEnabled "
    "VMMonitorModeExtensions VoltageCaps",
    "Win32_LogicalDisk": "Access Availability BlockSize Compressed ConfigManagerErrorCode MaximumComponentLength "
    "MediaType NumberOfBlocks QuotasDisabled Status StatusInfo SupportsDiskQuotas SupportsFileBasedCompression "
    "SystemName VolumeDirty VolumeSerialNumber",
    "Win32_Service": "AcceptPause AcceptStop CheckPoint DelayedAutoStart Description DesktopInteract ErrorControl "
    "InstallDate ServiceSpecificExitCode ServiceType SystemName TagId WaitHint",
    "Win32_Process": "CreationClassName CSName Description ExecutionState Handle InstallDate MaximumWorkingSetSize "
    "MinimumWorkingSetSize OSName OtherOperationCount OtherTransferCount PageFaults PeakPageFileUsage "
    "PeakVirtualSize PeakWorkingSetSize Priority PrivatePageCount QuotaNonPagedPoolUsage QuotaPagedPoolUsage "
    "ReadOperationCount ReadTransferCount SessionId Status TerminationDate WindowsVersion WriteOperationCount "
    "WriteTransferCount",
    "Win32_BIOS": "BIOSVersion BuildNumber Caption Description EmbeddedControllerMajorVersion InstallDate "
    "PrimaryBIOS ReleaseDate SMBIOSMajorVersion SMBIOSMinorVersion SMBIOSPresent Status SystemBiosMajorVersion",
    "Win32_NetworkAdapterConfiguration": "Caption DatabasePath DHCPLeaseExpires DHCPLeaseObtained DHCPServer "
    "DNSDomainSuffixSearchOrder DNSEnabledForWINSResolution FullDNSRegistrationEnabled GatewayCostMetric "
    "InterfaceIndex IPConnectionMetric IPFilterSecurityEnabled MTU SettingID TcpipNetbiosOptions WINSPrimaryServer",
    "Win32_Volume": "BlockSize BootVolume Caption DeviceID DirtyBitSet IndexingEnabled PageFilePresent SerialNumber "
    "SystemName SystemVolume",
    "Win32_Product": "InstallDate InstallDate2 InstallLocation InstallSource InstallState Language LocalPackage "
    "PackageCache PackageCode PackageName ProductID RegOwner Transforms URLInfoAbout WarrantyStartDate",
    "Win32_DiskDrive": "BytesPerSector Capabilities DefaultBlockSize Description FirmwareRevision Manufacturer "
    "MediaType PNPDeviceID SCSIBus SCSIPort SectorsPerTrack Signature TotalCylinders TotalHeads TotalSectors",
}
"""Class -> properties that its instances lack here."""


def is_class(name: str) -> bool:
    """Whether a real host has a class of this name in root\\cimv2."""
    return name.lower() in CLASSES.lower().split()


def lacks(class_name: str, name: str) -> bool:
    return name.lower() in PROPERTIES.get(class_name, "").lower().split()
